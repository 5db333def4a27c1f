// Names as projects write them into their files, and what they are not.
#include "model_files/norm_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace evenkeel::model_files::norm_names_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

// The statistics, scale, shift and counter of one layer; empty where it has none.
struct Case {
  const char* project;
  const char* layer;
  const char *mean, *variance, *weight, *bias, *counter;
};

const Case kCases[] = {
    {"torchvision ResNet", "bn1", "bn1.running_mean", "bn1.running_var", "bn1.weight", "bn1.bias",
     "bn1.num_batches_tracked"},
    {"torchvision DenseNet", "features.denseblock1.denselayer1.norm1",
     "features.denseblock1.denselayer1.norm1.running_mean",
     "features.denseblock1.denselayer1.norm1.running_var", "features.denseblock1.denselayer1.norm1.weight",
     "features.denseblock1.denselayer1.norm1.bias",
     "features.denseblock1.denselayer1.norm1.num_batches_tracked"},
    {"PyTorch before 0.4.1, no counter", "layer1.0.downsample.1", "layer1.0.downsample.1.running_mean",
     "layer1.0.downsample.1.running_var", "layer1.0.downsample.1.weight", "layer1.0.downsample.1.bias", ""},
    {"DataParallel", "module.bn", "module.bn.running_mean", "module.bn.running_var", "module.bn.weight",
     "module.bn.bias", "module.bn.num_batches_tracked"},
    {"torch.compile over DistributedDataParallel", "_orig_mod.module.net.3",
     "_orig_mod.module.net.3.running_mean", "_orig_mod.module.net.3.running_var",
     "_orig_mod.module.net.3.weight", "_orig_mod.module.net.3.bias",
     "_orig_mod.module.net.3.num_batches_tracked"},
    {"affine=False", "encoder.bn", "encoder.bn.running_mean", "encoder.bn.running_var", "", "",
     "encoder.bn.num_batches_tracked"},
    {"a batch norm alone", "", "running_mean", "running_var", "weight", "bias", "num_batches_tracked"},
    {"Lightning", "model.backbone.bn1", "model.backbone.bn1.running_mean", "model.backbone.bn1.running_var",
     "model.backbone.bn1.weight", "model.backbone.bn1.bias", "model.backbone.bn1.num_batches_tracked"},
    {"mmdetection, EMA hook", "ema_backbone_bn1", "ema_backbone_bn1_running_mean",
     "ema_backbone_bn1_running_var", "ema_backbone_bn1_weight", "ema_backbone_bn1_bias",
     "ema_backbone_bn1_num_batches_tracked"},
    {"YOLOv5", "model.0.bn", "model.0.bn.running_mean", "model.0.bn.running_var", "model.0.bn.weight",
     "model.0.bn.bias", "model.0.bn.num_batches_tracked"},
    {"Darknet in PyTorch", "module_list.0.batch_norm_0", "module_list.0.batch_norm_0.running_mean",
     "module_list.0.batch_norm_0.running_var", "module_list.0.batch_norm_0.weight",
     "module_list.0.batch_norm_0.bias", ""},
    {"timm EfficientNet", "blocks.0.0.bn1", "blocks.0.0.bn1.running_mean", "blocks.0.0.bn1.running_var",
     "blocks.0.0.bn1.weight", "blocks.0.0.bn1.bias", "blocks.0.0.bn1.num_batches_tracked"},
    {"quantisation-aware training, conv with its norm", "conv1", "conv1.running_mean", "conv1.running_var",
     "conv1.gamma", "conv1.beta", "conv1.num_batches_tracked"},
    {"SlowFast, split batches", "s1.pathway0_stem.bn.split_bn", "s1.pathway0_stem.bn.split_bn.running_mean",
     "s1.pathway0_stem.bn.split_bn.running_var", "", "", "s1.pathway0_stem.bn.split_bn.num_batches_tracked"},
    {"Conformer", "encoder.encoders.0.conv_module.norm", "encoder.encoders.0.conv_module.norm.running_mean",
     "encoder.encoders.0.conv_module.norm.running_var", "encoder.encoders.0.conv_module.norm.weight",
     "encoder.encoders.0.conv_module.norm.bias", "encoder.encoders.0.conv_module.norm.num_batches_tracked"},
    {"Burn", "norm1", "norm1.running_mean", "norm1.running_var", "norm1.gamma", "norm1.beta", ""},
    {"Gluon", "resnetv10_batchnorm0", "resnetv10_batchnorm0_running_mean", "resnetv10_batchnorm0_running_var",
     "resnetv10_batchnorm0_gamma", "resnetv10_batchnorm0_beta", ""},
    {"Gluon, by attribute", "features.1", "features.1.running_mean", "features.1.running_var",
     "features.1.gamma", "features.1.beta", ""},
    {"MXNet module", "stage1_unit1_bn1", "aux:stage1_unit1_bn1_moving_mean",
     "aux:stage1_unit1_bn1_moving_var", "arg:stage1_unit1_bn1_gamma", "arg:stage1_unit1_bn1_beta", ""},
    {"Objax", "(EfficientNet).bn(BatchNorm2D)", "(EfficientNet).bn(BatchNorm2D).running_mean",
     "(EfficientNet).bn(BatchNorm2D).running_var", "(EfficientNet).bn(BatchNorm2D).gamma",
     "(EfficientNet).bn(BatchNorm2D).beta", ""},
    {"TensorFlow 1", "model/bn", "model/bn/moving_mean:0", "model/bn/moving_variance:0", "model/bn/gamma:0",
     "model/bn/beta:0", ""},
    {"TF-Slim", "InceptionV3/Conv2d_1a_3x3/BatchNorm", "InceptionV3/Conv2d_1a_3x3/BatchNorm/moving_mean",
     "InceptionV3/Conv2d_1a_3x3/BatchNorm/moving_variance", "InceptionV3/Conv2d_1a_3x3/BatchNorm/gamma",
     "InceptionV3/Conv2d_1a_3x3/BatchNorm/beta", ""},
    {"TF-Slim, without scale", "InceptionV3/Conv2d_2a_3x3/BatchNorm",
     "InceptionV3/Conv2d_2a_3x3/BatchNorm/moving_mean", "InceptionV3/Conv2d_2a_3x3/BatchNorm/moving_variance",
     "", "InceptionV3/Conv2d_2a_3x3/BatchNorm/beta", ""},
    {"EfficientNet in TensorFlow, averaged", "stem/tpu_batch_normalization",
     "stem/tpu_batch_normalization/moving_mean/ExponentialMovingAverage",
     "stem/tpu_batch_normalization/moving_variance/ExponentialMovingAverage",
     "stem/tpu_batch_normalization/gamma/ExponentialMovingAverage",
     "stem/tpu_batch_normalization/beta/ExponentialMovingAverage", ""},
    {"TensorFlow 2 checkpoint", "layer_with_weights-1",
     "layer_with_weights-1/moving_mean/.ATTRIBUTES/VARIABLE_VALUE",
     "layer_with_weights-1/moving_variance/.ATTRIBUTES/VARIABLE_VALUE",
     "layer_with_weights-1/gamma/.ATTRIBUTES/VARIABLE_VALUE",
     "layer_with_weights-1/beta/.ATTRIBUTES/VARIABLE_VALUE", ""},
    {"Keras 2, HDF5", "bn_conv1/bn_conv1", "bn_conv1/bn_conv1/moving_mean:0",
     "bn_conv1/bn_conv1/moving_variance:0", "bn_conv1/bn_conv1/gamma:0", "bn_conv1/bn_conv1/beta:0", ""},
    {"Keras 3", "batch_normalization_1", "batch_normalization_1/moving_mean",
     "batch_normalization_1/moving_variance", "batch_normalization_1/gamma", "batch_normalization_1/beta",
     ""},
    {"Hugging Face, TensorFlow weights", "tf_res_net_model/resnet/embedder/embedder/normalization",
     "tf_res_net_model/resnet/embedder/embedder/normalization/moving_mean:0",
     "tf_res_net_model/resnet/embedder/embedder/normalization/moving_variance:0",
     "tf_res_net_model/resnet/embedder/embedder/normalization/gamma:0",
     "tf_res_net_model/resnet/embedder/embedder/normalization/beta:0", ""},
    {"MindSpore", "layer1.0.bn1", "layer1.0.bn1.moving_mean", "layer1.0.bn1.moving_variance",
     "layer1.0.bn1.gamma", "layer1.0.bn1.beta", ""},
    {"tensorpack", "conv0/bn", "conv0/bn/mean/EMA", "conv0/bn/variance/EMA", "conv0/bn/gamma",
     "conv0/bn/beta", ""},
    {"Flax, slashes", "ResNetBlock_0/BatchNorm_0", "batch_stats/ResNetBlock_0/BatchNorm_0/mean",
     "batch_stats/ResNetBlock_0/BatchNorm_0/var", "params/ResNetBlock_0/BatchNorm_0/scale",
     "params/ResNetBlock_0/BatchNorm_0/bias", ""},
    {"Flax, dots", "bn_init", "batch_stats.bn_init.mean", "batch_stats.bn_init.var", "params.bn_init.scale",
     "params.bn_init.bias", ""},
    {"Flax, in a training state", "state/BatchNorm_0", "state/batch_stats/BatchNorm_0/mean",
     "state/batch_stats/BatchNorm_0/var", "state/params/BatchNorm_0/scale", "state/params/BatchNorm_0/bias",
     ""},
    {"Flax, without scale and shift", "BatchNorm_1", "batch_stats/BatchNorm_1/mean",
     "batch_stats/BatchNorm_1/var", "", "", ""},
    {"Haiku", "res_net50/~/initial_batchnorm", "res_net50/~/initial_batchnorm/~/mean_ema/average",
     "res_net50/~/initial_batchnorm/~/var_ema/average", "res_net50/~/initial_batchnorm/scale",
     "res_net50/~/initial_batchnorm/offset", ""},
    {"Flax NNX", "bn", "bn.mean", "bn.var", "bn.scale", "bn.bias", ""},
    {"ONNX operator", "BatchNormalization_12", "BatchNormalization_12_input_mean",
     "BatchNormalization_12_input_var", "BatchNormalization_12_scale", "BatchNormalization_12_B", ""},
    {"PyTorch through ONNX", "onnx::bn1", "onnx::bn1.running_mean", "onnx::bn1.running_var",
     "onnx::bn1.weight", "onnx::bn1.bias", ""},
    {"Keras through ONNX", "model/bn/FusedBatchNormV3", "model/bn/FusedBatchNormV3/mean",
     "model/bn/FusedBatchNormV3/variance", "model/bn/FusedBatchNormV3/scale",
     "model/bn/FusedBatchNormV3/offset", ""},
    {"PaddlePaddle 2", "bn1", "bn1._mean", "bn1._variance", "bn1.weight", "bn1.bias", ""},
    {"PaddlePaddle 1", "bn2a_branch1", "bn2a_branch1_mean", "bn2a_branch1_variance", "bn2a_branch1_scale",
     "bn2a_branch1_offset", ""},
    {"Chainer", "bn1", "bn1/avg_mean", "bn1/avg_var", "bn1/gamma", "bn1/beta", "bn1/N"},
    {"Detectron, Caffe2", "res2_0_branch2a_bn", "res2_0_branch2a_bn_rm", "res2_0_branch2a_bn_riv",
     "res2_0_branch2a_bn_s", "res2_0_branch2a_bn_b", ""},
    {"NNabla", "conv1/bn", "conv1/bn/mean", "conv1/bn/var", "conv1/bn/gamma", "conv1/bn/beta", ""},
    {"Core ML", "batchnorm_3", "batchnorm_3.mean", "batchnorm_3.variance", "batchnorm_3.gamma",
     "batchnorm_3.beta", ""},
};

std::string name_at(const Names& names, std::optional<std::size_t> place) {
  return place ? names[*place] : "";
}

TEST(NormNamesTest, EveryProjectsLayersAreFound) {
  int found = 0;
  for (const auto& [project, layer, mean, variance, weight, bias, counter] : kCases) {
    Names names{"conv.weight", "fc.bias", "optimizer/step"};
    for (const char* name : {weight, bias, mean, variance, counter})
      if (*name != '\0') names.emplace_back(name);
    const auto norms = find_norms(names);
    ASSERT_EQ(norms.size(), 1U) << project;
    const auto& norm = norms.front();
    EXPECT_EQ(norm.layer, layer) << project;
    EXPECT_EQ(name_at(names, norm.mean), mean) << project;
    EXPECT_EQ(name_at(names, norm.variance), variance) << project;
    EXPECT_EQ(name_at(names, norm.weight), weight) << project;
    EXPECT_EQ(name_at(names, norm.bias), bias) << project;
    EXPECT_EQ(name_at(names, norm.counter), counter) << project;
    ++found;
  }
  EXPECT_GE(found, 40);
}

TEST(NormNamesTest, TheNamingSaysWhoseDefaultsHold) {
  EXPECT_EQ(find_norms({"a.running_mean", "a.running_var"}).at(0).naming, NormNaming::kTorch);
  EXPECT_EQ(find_norms({"a/moving_mean", "a/moving_variance"}).at(0).naming, NormNaming::kKeras);
  EXPECT_EQ(find_norms({"batch_stats/a/mean", "batch_stats/a/var"}).at(0).naming, NormNaming::kFlax);
}

TEST(NormNamesTest, ManyLayersKeepTheirOrder) {
  const auto norms =
      find_norms({"z.running_mean", "z.running_var", "a.running_var", "a.running_mean", "m.weight"});
  ASSERT_EQ(norms.size(), 2U);
  EXPECT_EQ(norms[0].layer, "z");
  EXPECT_EQ(norms[1].layer, "a");
}

// One of the two statistics is missing.
TEST(NormNamesTest, HalfALayerIsALayer) {
  EXPECT_EQ(find_norms({"a.running_mean"}).size(), 1U);
  EXPECT_EQ(
      find_norms({"a.running_mean", "a.weight", "a.running_part.weight", "ab.running_mean", "ab.running_var"})
          .size(),
      2U);
  EXPECT_EQ(find_norms({"a.running_mean", "a.running_other", "a.num_batches_tracked"}).size(), 1U);
  EXPECT_EQ(find_norms({"a.running_var"}).size(), 1U);
  EXPECT_EQ(find_norms({"a.weight", "a.running_var", "a.num_batches_tracked"}).size(), 1U);
  EXPECT_EQ(find_norms({"a.num_batches_tracked", "a.weight"}).size(), 1U);
  EXPECT_EQ(find_norms({"a/moving_variance"}).size(), 1U);
}

TEST(NormNamesTest, OtherThingsAreNot) {
  for (const Names& names :
       {Names{"ln.weight", "ln.bias"}, Names{"vae.mean.weight", "vae.var.weight"},
        Names{"pixel.mean", "pixel.var"},  // of pictures, no scale and shift
        Names{"evonorm.weight", "evonorm.bias", "evonorm.v", "evonorm.running_var"},
        Names{"w.running_mean", "w.running_covariance", "w.weight", "w.bias"},  // batch whitening
        Names{"iter.running_mean", "iter.running_wm"}, Names{"running_mean.weight"},
        Names{"a.mean", "a.scale"}, Names{"gn.gamma", "gn.beta"}, Names{"arm", "a_driv", "a_s", "a_b"},
        Names{}})
    EXPECT_THAT(find_norms(names), IsEmpty()) << ::testing::PrintToString(names);
}

}  // namespace
}  // namespace evenkeel::model_files::norm_names_test
