#include "training/report/report.h"

namespace evenkeel::training {

void write_report(const std::filesystem::path&, const Report&) {}

}  // namespace evenkeel::training
