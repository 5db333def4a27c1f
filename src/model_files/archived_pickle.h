// The pickle of a file that torch.save or torch.jit.save wrote, with the tensors it refers to.
#pragma once

#include <string>

#include "model_files/pickle_reader.h"
#include "model_files/zip_archive.h"

namespace evenkeel::model_files {

// What was read points into the bytes: neither copied nor moved.
class ArchivedPickle {
 public:
  // Throws std::runtime_error with one line.
  explicit ArchivedPickle(ZipArchive& archive);
  ArchivedPickle(const ArchivedPickle&) = delete;
  ArchivedPickle& operator=(const ArchivedPickle&) = delete;

  const Pickle& operator*() const { return pickle_; }

 private:
  std::string bytes_;
  Pickle pickle_;
};

}  // namespace evenkeel::model_files
