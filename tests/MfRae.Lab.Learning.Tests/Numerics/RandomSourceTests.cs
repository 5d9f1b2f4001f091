using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Numerics;

[Scoped]
public sealed class RandomSourceTests
{
    private const int Count = 4000;

    private static readonly string[] Kinds = ["features", "encoder", "decoder", "teacher", "cmt", "meanflow"];

    [Fact]
    public void Stages_of_one_seed_share_no_numbers()
    {
        foreach (var (one, other) in Kinds.SelectMany((kind, place) => Kinds.Skip(place + 1).Select(next => (kind, next))))
        {
            var (a, b) = (Noise(one, 0), Noise(other, 0));
            // The correlation of independent numbers has a standard deviation of 1 / sqrt(4000) = 0.016.
            Math.Abs((a * b).mean().item<float>()).Should().BeLessThan(0.08f, $"{one} and {other} draw independent noise");
        }
    }

    [Fact]
    public void Stages_of_one_kind_and_seed_share_all_numbers()
    {
        Same(Noise("meanflow", 3), Noise("meanflow", 3)).Should().BeTrue();
        Same(Noise("meanflow", 3), Noise("meanflow", 4)).Should().BeFalse();
    }

    [Fact]
    public void The_kind_of_a_stage_is_that_of_its_plan()
    {
        foreach (var kind in Kinds)
            Same(Context(kind).Random().Normal("noise", 5, Count), Noise(kind, 7)).Should().BeTrue(kind);
    }

    private static StageContext Context(string kind)
    {
        var node = new StageNode(new string('0', 64), kind, kind, new ProbeStage(), 7, new Dictionary<string, string>());
        var spec = new StageSpec(node, new Dictionary<string, string>(), "", 1, new RunSettings(Device: "cpu"));
        return new(spec, "", null!, TimeProvider.System, CancellationToken.None);
    }

    private static Tensor Noise(string kind, long seed) => new RandomSource(seed, CPU, kind).Normal("noise", 5, Count);

    private static bool Same(Tensor one, Tensor other) => (one == other).all().item<bool>();
}
