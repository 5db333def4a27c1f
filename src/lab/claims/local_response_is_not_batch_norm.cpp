#include <torch/nn.h>
#include <torch/utils.h>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/small_cnn.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::local_response_is_not_batch_norm {
namespace {

namespace nn = torch::nn;

// AlexNet's. LibTorch divides alpha by the number of channels it looks at, the paper does not.
nn::LocalResponseNorm local_response() {
  constexpr std::int64_t kSize = 5;
  constexpr double kAlpha = 1e-4;
  return nn::LocalResponseNorm(nn::LocalResponseNormOptions(kSize).alpha(kSize * kAlpha).beta(0.75).k(2));
}

// By how much the output grows when the input is multiplied by ten.
double growth(nn::AnyModule layer, const torch::Tensor& x) {
  const torch::NoGradGuard no_graph;
  return (layer.forward(10 * x).norm() / layer.forward(x).norm()).item<double>();
}

void measure_norms(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 200, 200, 400);
  const auto rate = trial.setting("learning rate", 0.03);
  trial.plan(3 * static_cast<double>(steps));
  const auto x = torch::randn({16, 20, 12, 12});
  trial.record.number("growth of local response normalization's output",
                      growth(nn::AnyModule(local_response()), x));
  trial.record.number("growth of batch norm's output", growth(nn::AnyModule(BatchNorm2d(20)), x));

  const std::vector<std::pair<std::string, MakeNorm>> kinds{
      {"batch norm", [](auto channels) { return nn::AnyModule(BatchNorm2d(channels)); }},
      {"none", {}},
      {"local response", [](auto) { return nn::AnyModule(local_response()); }}};
  const auto sample = trial.data.train.first(30000).to_pictures(1);
  const auto test = trial.data.test.first(5000).to_pictures(1);
  for (const auto& [name, make] : kinds) {
    auto network = make_small_cnn(make, trial.seed);
    train(trial, network, sample, {.learning_rate = rate, .batch_size = 100, .steps = steps},
          [&, &name = name](std::int64_t step, double) {
            if (step % 20 == 0)
              trial.record.point("accuracy " + name, static_cast<double>(step),
                                 accuracy(network, test.first(1000)));
          });
    trial.record.number("accuracy, " + name, accuracy(network, test), "%");
  }
}

const Register claim({
    .number = 25,
    .name = "local-response-is-not-batch-norm",
    .title = "Local response normalization is something else",
    .source = "Krizhevsky, Sutskever & Hinton 2012, section 3.3; the notes",
    .statement =
        "<p>AlexNet divides a value by those of the neighbouring channels at the same place. With its "
        "constants, the sum in the denominator hardly matters for values of ordinary size, so the layer "
        "is close to a division by 2<sup>0.75</sup>: it takes neither the scale away nor the mean.</p>\n",
    .formula = "b<sub>c</sub> = a<sub>c</sub> / (k + α Σ<sub>|c′−c| ≤ n/2</sub> a<sub>c′</sub>²)<sup>β</sup> "
               "&emsp; k = 2, n = 5, α = 10<sup>−4</sup>, β = 0.75",
    .setup = "<p>(a) How much larger the output gets when a standard normal input is multiplied by ten. (b) "
             "A small CNN (5×5 convolutions to 10 and 20 channels, each with norm, ReLU and max-pooling, "
             "then a linear layer), learning rate 0.03, batches of 100.</p>\n",
    .seconds = 30,
    .measure = measure_norms,
    .rule = {above("growth with local response normalization",
                   measured("growth of local response normalization's output"), 9, "times"),
             below("growth with batch norm", measured("growth of batch norm's output"), 1.01, "times"),
             above("accuracy, batch norm − none", difference("accuracy, batch norm", "accuracy, none"), 0,
                   "points"),
             above("accuracy, none − local response",
                   difference("accuracy, none", "accuracy, local response"), 0, "points")},
    .pictures = {{.file = "accuracy",
                  .title = "Test accuracy",
                  .x_label = "step",
                  .y_label = "test accuracy, %",
                  .curves = {{"accuracy batch norm", "batch norm"},
                             {"accuracy none", "none"},
                             {"accuracy local response", "local response normalization"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::local_response_is_not_batch_norm
