#include "lab/laboratory.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <list>
#include <map>
#include <optional>

#include "data/data_set.h"
#include "files/atomic_file.h"
#include "lab/page.h"
#include "lab/worker_pool.h"

namespace evenkeel::lab {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Task {
  const Claim* claim = nullptr;
  std::uint64_t seed = 0;
  enum class State { kWaiting, kRunning, kDone } state = State::kWaiting;
};

class Run {
 public:
  Run(const LabFolder& folder, const std::vector<const Claim*>& claims, std::uint64_t seeds,
      std::size_t workers, const Measure& measure, LabMonitor& monitor)
      : folder_(folder), seeds_(seeds), measure_(measure), monitor_(monitor), pool_(workers) {
    // Those that measure time come last: until then the cores are busy.
    for (const bool alone : {false, true})
      for (const auto* claim : claims)
        for (std::uint64_t seed = 1; claim->measures_time == alone && seed <= seeds; ++seed)
          add(*claim, seed);
  }

  LabOutcome go() {
    // What other runs have left in the folder belongs on the page as well.
    for (const auto& result : folder_.results()) drawn_.emplace_back(result);
    for (const auto& task : tasks_)
      if (task.seed == seeds_) publish_if_finished(*task.claim);
    write_page();
    open_data();
    while (const auto next = next_event()) {
      if (*next == Event::kStop) return LabOutcome::kStopped;
      if (*next == Event::kRoom) start_next();
    }
    return failed_ ? LabOutcome::kFailed : LabOutcome::kDone;
  }

 private:
  enum class Event { kRoom, kTick, kStop };

  void add(const Claim& claim, std::uint64_t seed) {
    const bool known = folder_.seed(claim, seed).has_value();
    tasks_.push_back({&claim, seed, known ? Task::State::kDone : Task::State::kWaiting});
  }

  // Only what the tasks that wait will need.
  void open_data() {
    for (const auto& task : tasks_) {
      const auto& name = folder_.settings().data_of(*task.claim);
      if (task.state == Task::State::kWaiting && !data_.contains(name))
        data_.emplace(name, data::open_data_set(name));
    }
  }

  // Nothing once all is done.
  std::optional<Event> next_event() {
    if (monitor_.stop_requested()) return Event::kStop;
    const auto* task = next_waiting();
    if (task == nullptr && pool_.running() == 0) return std::nullopt;
    if (task != nullptr && may_start(*task)) return Event::kRoom;
    constexpr int kTick = 100;
    if (const auto finished = pool_.wait(kTick)) end(tasks_[finished->task], finished->error);
    monitor_.at(status());
    return Event::kTick;
  }

  Task* next_waiting() {
    const auto found = std::find_if(tasks_.begin(), tasks_.end(),
                                    [](const Task& task) { return task.state == Task::State::kWaiting; });
    return found == tasks_.end() ? nullptr : &*found;
  }

  bool may_start(const Task& task) const {
    const bool alone = std::any_of(tasks_.begin(), tasks_.end(), [](const Task& other) {
      return other.state == Task::State::kRunning && other.claim->measures_time;
    });
    return task.claim->measures_time ? pool_.running() == 0 : pool_.has_room() && !alone;
  }

  void start_next() {
    auto& task = *next_waiting();
    task.state = Task::State::kRunning;
    const auto& set = data_.at(folder_.settings().data_of(*task.claim));
    pool_.start(static_cast<std::size_t>(&task - tasks_.data()), [this, &task, &set](const auto& report) {
      const auto start = Clock::now();
      auto record = measure_(*task.claim, set, task.seed, folder_.settings().effort, report);
      folder_.keep(*task.claim, {task.seed, seconds_since(start), std::move(record)});
    });
  }

  void end(Task& task, const std::string& error) {
    task.state = Task::State::kDone;
    ended_cost_ += task.claim->seconds;
    if (error.empty()) {
      publish_if_finished(*task.claim);
      write_page();
    } else {
      failed_ = true;
      monitor_.failed(*task.claim, task.seed, error);
    }
  }

  void publish_if_finished(const Claim& claim) {
    for (const auto& task : tasks_)
      if (task.claim == &claim && task.state != Task::State::kDone) return;
    if (const auto result = folder_.result(claim)) publish(DrawnResult(*result));
  }

  void publish(DrawnResult drawn) {
    folder_.write(drawn);
    monitor_.finished(drawn.result);
    const auto place = std::find_if(drawn_.begin(), drawn_.end(), [&drawn](const DrawnResult& other) {
      return other.result.claim.number >= drawn.result.claim.number;
    });
    const bool replaces = place != drawn_.end() && &place->result.claim == &drawn.result.claim;
    drawn_.insert(replaces ? drawn_.erase(place) : place, std::move(drawn));
  }

  void write_page() const {
    files::write_file_atomically(folder_.index(), lab_page(folder_.settings(), drawn_));
  }

  LabStatus status() const {
    LabStatus status;
    status.trials = tasks_.size();
    double waiting = 0;
    double under_way = 0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const auto& task = tasks_[i];
      if (task.state == Task::State::kDone) ++status.done;
      if (task.state == Task::State::kWaiting) waiting += task.claim->seconds;
      if (task.state != Task::State::kRunning) continue;
      const double progress = pool_.progress(i);
      status.running.push_back({task.claim->name, task.seed, progress});
      waiting += task.claim->seconds * (1 - progress);
      under_way += task.claim->seconds * progress;
    }
    // By the claims' own estimates, scaled by how they have proved on this machine so far.
    const double proved = ended_cost_ + under_way;
    status.seconds_left =
        proved > 0 ? waiting * seconds_since(start_) / proved : std::numeric_limits<double>::quiet_NaN();
    return status;
  }

  const LabFolder& folder_;
  std::uint64_t seeds_;
  const Measure& measure_;
  LabMonitor& monitor_;
  WorkerPool pool_;
  std::vector<Task> tasks_;
  std::map<std::string, data::DataSet> data_;
  std::list<DrawnResult> drawn_;  // what the page shows, by number
  double ended_cost_ = 0;         // of the tasks of this run, in the claims' own seconds
  bool failed_ = false;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

LabOutcome run_laboratory(const LabFolder& folder, const std::vector<const Claim*>& claims,
                          std::uint64_t seeds, std::size_t workers, const Measure& measure,
                          LabMonitor& monitor) {
  return Run(folder, claims, seeds, workers, measure, monitor).go();
}

}  // namespace evenkeel::lab
