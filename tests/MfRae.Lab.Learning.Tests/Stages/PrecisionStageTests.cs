using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
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

    private void Run(string name, string precision) => lab.Run(name, new CmtStage(new TrajectoryCmtOptions(
        new(Steps: 3, BatchSize: 8, LearningRate: 1e-3, Ema: 0, Precision: precision), TrajectoryPoints: 4, PairsPerTrajectory: 2)),
        "latents", "teacher");

    private Tensor Weight(string stage) => Safetensors.Read(lab.At($"{stage}/network.safetensors"))["blocks.0.attn.qkv.weight"];
}
