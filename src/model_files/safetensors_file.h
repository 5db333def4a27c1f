// The safetensors format: the length of a JSON header, the header, the elements. https://github.com/huggingface/safetensors
#pragma once

#include <filesystem>

#include "model_files/file_storage.h"
#include "model_files/model_file.h"

namespace evenkeel::model_files {

bool is_safetensors(const File& file);

// A tensor that is not as the header should describe one, or that lies outside the file, is an entry that was skipped. Throws
// std::runtime_error with one line for a header that is not one.
ModelFile read_safetensors(std::shared_ptr<const File> file);

// The index of a model in several files, as Hugging Face writes it beside them: {"weight_map": {name: file}}. The files are of any
// format, in the index's folder. What is missing in them is an entry that was skipped.
ModelFile read_shards(const File& index, const std::filesystem::path& path);

}  // namespace evenkeel::model_files
