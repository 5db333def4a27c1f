// What the program asks of the system it runs on.
#pragma once

namespace evenkeel::app {

// Tells glibc to keep freed memory. A training step allocates and frees the same big tensors again and again;
// by default glibc gives each back to the system, which then clears every page anew: more time than the
// kernels that use them need. Call before the first big allocation.
void keep_freed_memory();

// The cores this process may use.
int available_cores();

// From here on SIGINT and SIGTERM no longer end the process, but make received_signal() say so. The second
// one ends it.
void catch_stop_signals();

// SIGINT or SIGTERM once one has come; 0 before.
int received_signal();

}  // namespace evenkeel::app
