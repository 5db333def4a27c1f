#include "bench/contender.h"

#include <algorithm>
#include <iterator>

namespace evenkeel::bench {

const std::vector<PeerInfo>& all_peers() {
  static const std::vector<PeerInfo> peers = {
      {Peer::kEvenkeel, "evenkeel", "Evenkeel", "our kernels, into memory that was used before"},
      {Peer::kEvenkeelFresh, "evenkeel_fresh", "Evenkeel, fresh",
       "our kernels, with results of 128 KiB or more in memory that the system clears for each call"},
      {Peer::kTorch, "pytorch", "PyTorch",
       "LibTorch's operators, their results in memory that was freed before and kept: no page faults"},
      {Peer::kTorchFresh, "pytorch_fresh", "PyTorch, fresh",
       "the same, with results of 128 KiB or more in memory that the system clears for each call, as glibc "
       "asks for it by default"},
      {Peer::kOneDnn, "onednn", "oneDNN",
       "the faster of its kernels for the tensor's own layout and for its blocked one, nChw16c, without the "
       "cost of converting to it"},
      {Peer::kLimit, "limit", "limit",
       "the fastest of several ways to copy the input (forward, evaluation) or to read two tensors and write "
       "one (backward)"},
  };
  return peers;
}

const PeerInfo& info(Peer peer) {
  return *std::find_if(all_peers().begin(), all_peers().end(),
                       [peer](const PeerInfo& candidate) { return candidate.peer == peer; });
}

std::vector<Contender> all_contenders(const Problem& problem, const Operation& operation) {
  std::vector<Contender> all;
  for (const auto& some : {evenkeel_contenders, torch_contenders, onednn_contenders, limit_contenders}) {
    auto contenders = some(problem, operation);
    std::move(contenders.begin(), contenders.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace evenkeel::bench
