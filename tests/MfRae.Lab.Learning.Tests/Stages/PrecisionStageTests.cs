using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

[Scoped]
public sealed class PrecisionStageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Fact]
    public void Training_in_tf32_ends_near_the_weights_of_float32_and_not_on_them()
    {
        using var scope = NewDisposeScope();
        Run("cmt in float32", "float32");
        Run("cmt in tf32", "tf32");

        (Weight("cmt in float32") == Weight("cmt")).all().item<bool>().Should().BeTrue("float32 is the default");
        var distance = (Weight("cmt in tf32") - Weight("cmt")).norm().item<float>();
        distance.Should().BeGreaterThan(0).And.BeLessThan(0.1f * Weight("cmt").norm().item<float>());
    }

    [Fact]
    public void Every_trained_stage_trains_with_bfloat16_products_and_keeps_float32_weights()
    {
        using var scope = NewDisposeScope();
        var training = new TrainingOptions(Steps: 2, BatchSize: 8, LearningRate: 1e-3, Ema: 0, Precision: "bf16");
        lab.Run("encoder in bf16", new EncoderStage(
            new SelfSupervisedEncoderOptions(new VitOptions(24, 1, 2), new AugmentationOptions(), training)), "dataset");
        lab.Run("decoder in bf16", new DecoderStage(
            new RaeDecoderOptions(new DecoderNetworkOptions(16, 1, 2, Channels: 2), training)), "dataset", "encoder");
        lab.Run("features in bf16", new FeatureStage(new InceptionOptions(training, new AugmentationOptions(), Width: 4)), "dataset");
        lab.Run("teacher in bf16", new TeacherStage(new FlowMatchingOptions(TinyLab.Dit, new UniformTimeOptions(), training)), "latents");
        Run("cmt in bf16", "bf16");
        lab.Run("meanflow in bf16", new MeanFlowStage(new LambdaMeanFlowOptions(
            1, TinyLab.Dit, new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), training)), "latents", "teacher", "cmt");

        var distance = (Weight("cmt in bf16") - Weight("cmt")).norm().item<float>();
        distance.Should().BeGreaterThan(0).And.BeLessThan(0.1f * Weight("cmt").norm().item<float>());
        Weight("meanflow in bf16").dtype.Should().Be(ScalarType.Float32);
    }

    private void Run(string name, string precision) => lab.Run(name, new CmtStage(new TrajectoryCmtOptions(
        new(Steps: 3, BatchSize: 8, LearningRate: 1e-3, Ema: 0, Precision: precision), TrajectoryPoints: 4, PairsPerTrajectory: 2)),
        "latents", "teacher");

    private Tensor Weight(string stage) => Safetensors.Read(lab.At($"{stage}/network.safetensors"))["blocks.0.attn.qkv.weight"];
}
