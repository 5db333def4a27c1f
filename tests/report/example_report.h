// Reports with made-up but lifelike numbers, for the tests and for looking at the page.
#pragma once

#include "report/report.h"

namespace evenkeel::report {

// Ten epochs of 938 steps, layers of 20, 50 and 500 channels, 21 misclassified pictures.
RunForReport example_run();

// Two runs, with and without batch norm.
Report example_comparison();

// One run of one step, as after an early Ctrl-C: no epoch, no layer, no picture.
Report shortest_report();

}  // namespace evenkeel::report
