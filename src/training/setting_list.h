// Every setting of a run, each in one place: what reads, writes, asks for and compares settings goes through this list.
#pragma once

#include <string_view>

#include "training/config.h"

namespace evenkeel::training {

struct Setting {
  enum class Group { kNone, kWhat, kHow, kWhere };  // of options in the help

  std::string_view key;       // in config.json
  std::string_view option{};  // on the command line; empty: a model's own, not to be asked for
  Group group = Group::kNone;
  std::string_view help{};
  bool default_in_help = true;  // off: the help says it in words, because models differ
  bool always_recorded =
      true;  // off: runs from before there was a choice lack it, and are what a TrainConfig is
  bool resnet9_alone = false;  // the option
  bool (*applies)(const TrainConfig&) =
      nullptr;  // where given: it is recorded only of those; nothing hangs on it in others
};

// visit(setting, &TrainConfig::member) for each, in the order of the help.
template <typename Visit>
void for_each_setting(const Visit& visit) {
  using enum Setting::Group;
  const auto of_resnet9 = [](const TrainConfig& config) { return config.model == models::Model::kResNet9; };
  const auto of_sgd = [](const TrainConfig& config) { return config.optimiser == OptimiserKind::kSgd; };
  visit(Setting{.key = "model",
                .option = "--model",
                .group = kWhat,
                .help = "digits (grey digits) or resnet9 (colour pictures of CIFAR-10)",
                .always_recorded = false},
        &TrainConfig::model);
  visit(Setting{.key = "width",
                .option = "--width",
                .group = kWhat,
                .help = "Channels of resnet9's first layer, an eighth of the last one's",
                .always_recorded = false,
                .resnet9_alone = true,
                .applies = of_resnet9},
        &TrainConfig::width);
  visit(
      Setting{
          .key = "data",
          .option = "--data",
          .group = kWhat,
          .help =
              "digits (built in), mnist:DIR with the four IDX files, plain or gzipped, or cifar10:DIR with "
              "the six binary files"},
      &TrainConfig::data);
  visit(Setting{.key = "norm",
                .option = "--norm",
                .group = kWhat,
                .help = "What stands behind each layer but the last"},
        &TrainConfig::norm);
  visit(Setting{.key = "epochs",
                .option = "--epochs",
                .group = kHow,
                .help = "Times to go through the training pictures (default: 10, resnet9: 24)",
                .default_in_help = false},
        &TrainConfig::epochs);
  visit(Setting{.key = "batch_size",
                .option = "--batch-size",
                .group = kHow,
                .help = "Pictures in a step (default: 64, resnet9: 512)",
                .default_in_help = false},
        &TrainConfig::batch_size);
  visit(Setting{.key = "optimiser", .always_recorded = false}, &TrainConfig::optimiser);
  visit(Setting{.key = "learning_rate",
                .option = "--lr",
                .group = kHow,
                .help = "Learning rate (default: Adam's 0.001, resnet9: SGD's 0.4)",
                .default_in_help = false},
        &TrainConfig::learning_rate);
  visit(Setting{.key = "schedule",
                .option = "--schedule",
                .group = kHow,
                .help =
                    "Of the learning rate: constant, peak (up to --lr at 5/24 of the run, then down to 0) or "
                    "doubling (every two epochs); default: constant, resnet9: peak",
                .default_in_help = false,
                .always_recorded = false},
        &TrainConfig::schedule);
  visit(Setting{.key = "momentum", .always_recorded = false, .applies = of_sgd}, &TrainConfig::momentum);
  visit(Setting{.key = "weight_decay", .always_recorded = false, .applies = of_sgd},
        &TrainConfig::weight_decay);
  visit(Setting{.key = "augment",
                .option = "--no-augment",
                .group = kHow,
                .help = "Train resnet9 on the pictures as they are, not cropped, flipped and cut",
                .always_recorded = false,
                .resnet9_alone = true},
        &TrainConfig::augment);
  visit(Setting{.key = "seed",
                .option = "--seed",
                .group = kHow,
                .help = "Decides the first weights, the order of the pictures and what is done to them"},
        &TrainConfig::seed);
  visit(Setting{.key = "threads",
                .option = "--threads",
                .group = kHow,
                .help = "Threads (default: the cores this process may use)",
                .default_in_help = false},
        &TrainConfig::threads);
  visit(Setting{.key = "limit_pictures",
                .option = "--limit-pictures",
                .group = kHow,
                .help = "Train on the first that many pictures alone; 0: on all",
                .always_recorded = false},
        &TrainConfig::limit_pictures);
  visit(Setting{.key = "limit_steps",
                .option = "--limit-steps",
                .group = kHow,
                .help = "Stop after that many steps; 0: no limit"},
        &TrainConfig::limit_steps);
  visit(Setting{.key = "checkpoint_every",
                .option = "--checkpoint-every",
                .group = kWhere,
                .help = "Steps between checkpoints; there is one after each epoch too"},
        &TrainConfig::checkpoint_every);
  visit(Setting{.key = "pixel"}, &TrainConfig::pixels);
}

}  // namespace evenkeel::training
