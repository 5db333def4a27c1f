#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>

#include "files/words.h"

namespace evenkeel::app {

bool error_output_is_terminal() { return isatty(STDERR_FILENO) == 1; }

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string progress_bar(double fraction) {
  constexpr int kWidth = 20;
  const int full = static_cast<int>(std::lround(fraction * kWidth));
  return fmt::format("[{:=>{}}{: >{}}]", "", full, "", kWidth - full);
}

std::string duration(double seconds) { return files::duration(std::ceil(seconds)); }

}  // namespace evenkeel::app
