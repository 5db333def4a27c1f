// Files that are either the old one or the new one, whatever happens in between.
#pragma once

#include <filesystem>
#include <string_view>

namespace evenkeel::files {

// Replaces the file at `path` by `bytes`: written to a new file in the same folder, flushed to the disk, then
// renamed over `path`. Throws std::runtime_error with one line (the path and the system's reason) when any
// step fails; the file at `path` is then as it was, and the new one is removed. A process killed in the
// middle can leave one "NAME.PID-N.tmp" behind, never a broken `path`. Safe to call from several threads and
// processes; the last one to finish wins.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// Whether `file` is named as what a killed process leaves of writing `target`.
bool is_left_of_writing(const std::filesystem::path& target, const std::filesystem::path& file);

}  // namespace evenkeel::files
