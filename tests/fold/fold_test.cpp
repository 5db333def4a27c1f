#include "evenkeel/fold.h"

#include <gtest/gtest.h>

#include "fold/cases.h"

namespace evenkeel::fold_test {
namespace {

using namespace testing;

// Folds a pair, and compares the folded layer with the pair computed in float64.
void expect_folds(const LayerCase& c, const NormCase& n, bool after, torch::Dtype dtype) {
  const auto layer = make_layer(c);
  const auto norm = make_norm(c.dimensions, after ? c.out : c.in, n);
  layer->to(dtype);
  norm->to(dtype);
  const Tensor x = draw_input(c, 7, dtype);
  const auto folded = fold_modules(after ? layer : norm, after ? norm : layer);

  ASSERT_STREQ(typeid(*folded.layer).name(), typeid(*layer).name());
  EXPECT_EQ(folded.place, after ? NormPlace::kAfter : NormPlace::kBefore);
  for (const auto& item : folded.layer->named_parameters()) EXPECT_EQ(item.value().scalar_type(), dtype);
  const Tensor expected = after ? norm_in_double(norm, layer_in_double(layer, x))
                                : layer_in_double(layer, norm_in_double(norm, x.to(torch::kDouble)));
  const Tensor found = layer_in_double(folded.layer, x);
  ASSERT_EQ(found.sizes(), expected.sizes());
  // Each weight and bias is rounded once, so each term is off by one unit; float64's own noise is far below 1e-13 of all that
  // was added up on the way, which the largest output stands for.
  const Tensor allowed =
      1.01 * unit_of(dtype) * layer_of_magnitudes(folded.layer, x) + 1e-13 * expected.abs().max();
  EXPECT_TRUE(((found - expected).abs() <= allowed).all().item<bool>())
      << "off by " << (found - expected).abs().max().item<double>();
  if (dtype == torch::kDouble) {
    EXPECT_LE((found - expected).abs().max().item<double>(), 1e-12 * expected.abs().max().item<double>());
  }
}

void for_each_layer(const std::function<void(LayerCase)>& call) {
  for (const int dimensions : {0, 1, 2, 3})
    for (const bool transposed : {false, true})
      for (const std::int64_t groups : {1, 2})
        for (const bool bias : {false, true}) {
          if (dimensions == 0 && (transposed || groups > 1)) continue;
          LayerCase c;
          c.dimensions = dimensions;
          c.transposed = transposed;
          c.groups = groups;
          c.bias = bias;
          call(c);
        }
}

constexpr torch::Dtype kDtypes[] = {torch::kDouble, torch::kFloat, torch::kBFloat16};

TEST(FoldTest, EveryLayerTakesANormBehindIt) {
  for_each_layer([](LayerCase c) {
    c.stride = 2;
    c.padding = 1;
    c.dilation = c.dimensions == 3 ? 1 : 2;
    c.output_padding = c.transposed ? 1 : 0;
    for (const auto dtype : kDtypes)
      for (const bool evenkeel : {false, true})
        for (const bool affine : {false, true}) {
          SCOPED_TRACE(::testing::Message() << c.dimensions << "d" << (c.transposed ? " transposed" : "")
                                            << ", groups " << c.groups << ", bias " << c.bias << ", " << dtype
                                            << ", evenkeel " << evenkeel << ", affine " << affine);
          expect_folds(c, {evenkeel, affine}, /*after=*/true, dtype);
        }
  });
}

TEST(FoldTest, EveryLayerTakesANormBeforeItWhereEveryOutputSeesEveryTap) {
  for_each_layer([](LayerCase c) {
    if (c.transposed) c.padding = c.kernel - 1;  // cuts the borders off
    if (!c.transposed) c.stride = 2;
    for (const auto dtype : kDtypes)
      for (const bool evenkeel : {false, true})
        for (const bool affine : {false, true}) {
          SCOPED_TRACE(::testing::Message() << c.dimensions << "d" << (c.transposed ? " transposed" : "")
                                            << ", groups " << c.groups << ", bias " << c.bias << ", " << dtype
                                            << ", evenkeel " << evenkeel << ", affine " << affine);
          expect_folds(c, {evenkeel, affine}, /*after=*/false, dtype);
        }
  });
}

TEST(FoldTest, PaddingWithTheInputsOwnValuesTakesANormBeforeIt) {
  for (const int dimensions : {1, 2, 3}) {
    for (int mode = 0; mode < 3; ++mode) {
      LayerCase c;
      c.dimensions = dimensions;
      c.padding = 1;
      if (mode == 0) c.mode = torch::kReplicate;
      if (mode == 1) c.mode = torch::kCircular;
      if (mode == 2) c.mode = torch::kReflect;
      expect_folds(c, {}, /*after=*/false, torch::kDouble);
    }
  }
}

TEST(FoldTest, NamedPaddingsFold) {
  for (const bool same : {false, true}) {
    auto options = torch::nn::Conv2dOptions(4, 6, 3);
    if (same) options.padding(torch::kSame).padding_mode(torch::kCircular);
    if (!same) options.padding(torch::kValid);
    torch::nn::Conv2d convolution(options);
    convolution->to(torch::kDouble);
    const auto norm = make_norm(2, 4, {});
    norm->to(torch::kDouble);
    const Tensor x = torch::randn({2, 4, 6, 6}, torch::kDouble);
    const auto folded = fold_modules(norm, convolution.ptr());
    const Tensor expected = layer_in_double(convolution.ptr(), norm_in_double(norm, x));
    EXPECT_LE((layer_in_double(folded.layer, x) - expected).abs().max().item<double>(), 1e-12);
  }
}

// The condition under which every output of a transposed convolution sees every tap, against counting: with weights of one,
// an input of ones and no bias, an output is the number of taps it sees.
TEST(FoldTest, WhichOutputsOfATransposedConvolutionSeeEveryTap) {
  int accepted = 0;
  for (const std::int64_t kernel : {1, 2, 3})
    for (const std::int64_t stride : {1, 2})
      for (const std::int64_t dilation : {1, 2})
        for (std::int64_t padding = 0; padding <= 5; ++padding)
          for (std::int64_t extra = 0; extra < std::max(stride, dilation); ++extra) {
            torch::nn::ConvTranspose1d layer(torch::nn::ConvTranspose1dOptions(1, 1, kernel)
                                                 .stride(stride)
                                                 .dilation(dilation)
                                                 .padding(padding)
                                                 .output_padding(extra)
                                                 .bias(false));
            const torch::NoGradGuard no_graph;
            layer->weight.fill_(1);
            const Tensor seen = layer->forward(torch::ones({1, 1, 30}));
            const bool all = (seen == static_cast<double>(kernel)).all().item<bool>();
            BatchNorm1d norm(1);
            norm->eval();
            norm->running_mean.fill_(1);
            const auto error = refusal([&] { fold(norm, layer); });
            EXPECT_EQ(error == "no error", all) << kernel << " " << stride << " " << dilation << " "
                                                << padding << " " << extra << ": " << error;
            accepted += all ? 1 : 0;
          }
  EXPECT_GT(accepted, 10);
}

TEST(FoldTest, AnActivatedNormLeavesItsActivationToBeDone) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(3, 5, 3));
  BatchNorm2d norm(BatchNormOptions(5).activation(Activation::kLeakyReLU).negative_slope(0.2));
  norm->running_mean.normal_();
  norm->eval();
  const Tensor x = torch::randn({2, 3, 8, 8});
  auto folded = fold(layer, norm, FoldOptions().data(x));
  EXPECT_EQ(folded.activation, Activation::kLeakyReLU);
  EXPECT_EQ(folded.negative_slope, 0.2);
  const Tensor found = torch::leaky_relu(folded.layer->forward(x), folded.negative_slope);
  const Tensor expected = norm->forward(layer->forward(x));
  EXPECT_LE((found - expected).abs().max().item<double>(), folded.certificate.largest_bound());
  const Tensor residual = torch::randn_like(expected);
  const Tensor with_residual = torch::leaky_relu(folded.layer->forward(x) + residual, folded.negative_slope);
  EXPECT_TRUE(with_residual.allclose(norm->forward(layer->forward(x), residual), 1e-5, 1e-5));
}

TEST(FoldTest, UnfoldGivesTheSameBitsBack) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(4, 6, 3).bias(false));
  layer->to(torch::kBFloat16);
  layer->weight.set_requires_grad(false);
  BatchNorm2d norm(BatchNormOptions(6).eps(1e-3));
  norm->weight.data().normal_().index_put_({2}, 0);
  norm->eval();
  norm->freeze();
  auto folded = fold(layer, norm);
  const torch::NoGradGuard no_graph;
  const auto weight = layer->weight.clone();
  layer->weight.zero_();  // what is done to the originals later changes nothing
  folded.unfold().first->weight.zero_();
  const auto [layer_again, norm_again] = folded.unfold();
  EXPECT_TRUE(layer_again->weight.equal(weight));
  EXPECT_FALSE(layer_again->weight.requires_grad());
  EXPECT_FALSE(layer_again->bias.defined());
  EXPECT_FALSE(layer_again->options.bias());
  EXPECT_TRUE(norm_again->weight.equal(norm->weight));
  EXPECT_TRUE(norm_again->running_var.equal(norm->running_var));
  EXPECT_EQ(norm_again->options.eps(), 1e-3);
  EXPECT_TRUE(norm_again->frozen() == Frozen::all());
  EXPECT_FALSE(norm_again->is_training());
}

TEST(FoldTest, LeavesWhatItIsGivenAndTheGeneratorAlone) {
  torch::nn::Linear layer(torch::nn::LinearOptions(5, 3).bias(false));
  torch::nn::BatchNorm1d norm(3);
  norm->running_mean.normal_();
  norm->eval();
  const Tensor weight = layer->weight.detach().clone();
  const Tensor mean = norm->running_mean.clone();
  torch::manual_seed(7);
  const Tensor expected = torch::rand({4});
  torch::manual_seed(7);
  const auto folded = fold(layer, norm, FoldOptions().data(torch::ones({1, 5})));
  EXPECT_TRUE(torch::rand({4}).equal(expected));
  EXPECT_TRUE(layer->weight.equal(weight));
  EXPECT_FALSE(layer->bias.defined());
  EXPECT_TRUE(norm->running_mean.equal(mean));
  EXPECT_TRUE(folded.layer->bias.defined());
}

TEST(FoldTest, KeepsTheWeightsMemoryFormat) {
  torch::nn::Conv2d layer(4, 6, 3);
  layer->weight.set_data(layer->weight.data().contiguous(torch::MemoryFormat::ChannelsLast));
  const auto norm = make_norm(2, 6, {});
  const auto folded = fold_modules(layer.ptr(), norm);
  EXPECT_TRUE(folded.layer->named_parameters()["weight"].is_contiguous(torch::MemoryFormat::ChannelsLast));
}

}  // namespace
}  // namespace evenkeel::fold_test
