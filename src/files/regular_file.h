// What is looked at before a file of a data set is opened.
#pragma once

#include <filesystem>

namespace evenkeel::files {

// Throws std::runtime_error with one line unless `path` is a regular file: opening a pipe that nobody writes to would wait
// for ever, and a folder opens like a file.
void check_regular_file(const std::filesystem::path& path);

}  // namespace evenkeel::files
