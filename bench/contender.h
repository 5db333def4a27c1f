// Who takes part in a measurement.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/problem.h"

namespace evenkeel::bench {

enum class Peer {
  kEvenkeel,
  kEvenkeelFresh,  // "fresh": with the memory of the results, asked from the system anew in each call
  kTorch,
  kTorchFresh,
  kOneDnn,
  kLimit,  // the same bytes read and written with nothing computed
};

// The peers in their order, with the name in files, the title in tables and what it means in a sentence.
struct PeerInfo {
  Peer peer = Peer::kEvenkeel;
  std::string_view key;
  std::string_view title;
  std::string_view meaning;
};
const std::vector<PeerInfo>& all_peers();
const PeerInfo& info(Peer peer);

struct Contender {
  Peer peer = Peer::kEvenkeel;
  std::string way;                 // where a peer has several, of which the fastest counts
  std::function<void()> run;       // what is timed
  std::function<Result()> result;  // what run() left; none for the limit
};

// Each holds on to `problem`'s tensors and has results of its own.
std::vector<Contender> evenkeel_contenders(const Problem& problem, const Operation& operation);
std::vector<Contender> torch_contenders(const Problem& problem, const Operation& operation);
std::vector<Contender> onednn_contenders(const Problem& problem, const Operation& operation);
std::vector<Contender> limit_contenders(const Problem& problem, const Operation& operation);

std::vector<Contender> all_contenders(const Problem& problem, const Operation& operation);

}  // namespace evenkeel::bench
