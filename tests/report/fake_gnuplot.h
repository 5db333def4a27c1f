// Puts a program of the test's own in the place of gnuplot.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace evenkeel::report {

// While it lives, the PATH holds one folder with nothing in it but a `gnuplot` that runs `shell_script`;
// without a script, nothing.
class FakeGnuplot {
 public:
  explicit FakeGnuplot(const std::string& shell_script = "") : path_before_(std::getenv("PATH")) {
    std::string name = (std::filesystem::temp_directory_path() / "fake_gnuplot.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    if (!shell_script.empty()) {
      std::ofstream(folder_ / "gnuplot") << "#!/bin/sh\n" << shell_script << "\n";
      std::filesystem::permissions(folder_ / "gnuplot", std::filesystem::perms::owner_all);
    }
    ::setenv("PATH", folder_.c_str(), 1);
  }
  FakeGnuplot(const FakeGnuplot&) = delete;
  FakeGnuplot& operator=(const FakeGnuplot&) = delete;
  ~FakeGnuplot() {
    ::setenv("PATH", path_before_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }

 private:
  std::string path_before_;
  std::filesystem::path folder_;
};

}  // namespace evenkeel::report
