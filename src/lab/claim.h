// What a claim about batch normalization is to the laboratory: words, a measurement, a rule, pictures.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/condition.h"
#include "lab/drawing.h"

namespace evenkeel::lab {

class Trial;

// A figure that the publication has, to stand beside the measured ones.
struct Published {
  std::string what;
  std::string figure;
};

// One experiment. Statement, formula and setup are HTML, the rest is text.
struct Claim {
  int number = 0;           // its place among the claims
  std::string name{};       // of its folder, and on the command line: "higher-learning-rates"
  std::string title{};      // the claim in one line
  std::string source{};     // who claims it, and where
  std::string statement{};  // what is claimed, and why it should be so
  std::string formula{};    // empty where there is none
  std::string setup{};      // the networks, what is varied, what is measured
  std::vector<Published> published{};
  double seconds = 1;  // that one seed takes on one core, about
  int networks = 1;    // whose figures are averaged in a seed, where single ones scatter; quick runs have one
  bool measures_time = false;             // nothing else may run meanwhile
  bool colour = false;                    // needs colour pictures (CIFAR-10); digits otherwise
  std::function<void(Trial&)> measure{};  // one seed
  std::vector<Condition> rule{};          // all of them have to be met
  std::vector<Picture> pictures{};
};

// A claim becomes known by being registered, once, at namespace scope of its file in claims/.
struct Register {
  explicit Register(Claim claim);
};

// All claims, by their numbers.
const std::vector<Claim>& claims();

// Throws std::runtime_error with one line when there is none of that name.
const Claim& claim_named(const std::string& name);

}  // namespace evenkeel::lab
