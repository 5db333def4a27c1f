#include "kernels/support/executors.h"

#include <algorithm>
#include <utility>

#include "kernels/support/inputs.h"

namespace evenkeel::kernels::test {

void ShufflingExecutor::parallel_for(std::int64_t count, RangeFunction work) {
  Random random(++calls_);
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  for (std::int64_t begin = 0; begin < count;) {
    const std::int64_t end = begin + random.between(1, std::min<std::int64_t>(count - begin, 1 + count / 4));
    ranges.emplace_back(begin, end);
    begin = end;
  }
  for (std::size_t i = ranges.size(); i > 1; --i) {
    std::swap(ranges[i - 1],
              ranges[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
  }
  for (const auto& [begin, end] : ranges) work(begin, end);
}

const std::vector<NamedExecutor>& all_executors() {
  static const std::vector<std::unique_ptr<Executor>> pools = [] {
    std::vector<std::unique_ptr<Executor>> made;
    for (int threads : {1, 2, 3, 8}) made.push_back(make_thread_pool(threads));
    return made;
  }();
  static ShufflingExecutor shuffling;
  static const std::vector<NamedExecutor> executors{{"serial", serial_executor()}, {"shuffling", shuffling},
                                                    {"1 thread", *pools[0]},       {"2 threads", *pools[1]},
                                                    {"3 threads", *pools[2]},      {"8 threads", *pools[3]}};
  return executors;
}

Executor& three_threads() { return all_executors()[4].executor; }

}  // namespace evenkeel::kernels::test
