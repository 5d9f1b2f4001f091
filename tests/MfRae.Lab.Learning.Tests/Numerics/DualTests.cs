using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Derivatives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Numerics;

/// <summary>Each operation of <see cref="Dual"/> by itself, in float64, against two reverse passes of libtorch.</summary>
[Scoped]
public sealed class DualTests
{
    private const int Samples = 3;

    private static readonly RandomSource Random = new(11, CPU);

    private static readonly Tensor Fixed = Random.Normal("fixed", 0, 4, 4).to(float64).DetachFromDisposeScope();

    private static readonly (string Name, Func<Dual, Dual, Dual> Apply)[] Operations =
    [
        ("sum", (a, b) => a + b),
        ("sum with a constant", (a, b) => (a + 1.5) * b),
        ("sum of other shapes", (a, b) => a.Map(x => x.narrow(1, 0, 1)) + b),
        ("difference of other shapes", (a, b) => a.Map(x => x.narrow(1, 0, 1)) - b),
        ("difference", (a, b) => a - b),
        ("product", (a, b) => a * b),
        ("product of other shapes", (a, b) => a * b.Map(x => x.narrow(1, 1, 1))),
        ("product with a constant", (a, b) => (a * -0.7) + b),
        ("sum and product", (a, b) => Dual.AddProduct(a, b, a)),
        ("sum and product with constants", (a, b) => Dual.AddProduct(a, Fixed, b)),
        ("sum and product with a constant factor", (a, b) => Dual.AddProduct(a, b, Fixed)),
        ("constant and product", (a, b) => Dual.AddProduct(Fixed, a, b)),
        ("sum and product of other shapes", (a, b) => Dual.AddProduct(a.Map(x => x.narrow(1, 0, 1)), b, a.Map(x => x.narrow(1, 2, 1)))),
        ("joined", (a, b) => Dual.Cat(a, b, -1)),
        ("linear map", (a, b) => a.Map(x => x.transpose(1, 2).cumsum(1)) + b),
        ("layer", (a, b) => (a * b).Linear(Fixed, Fixed.select(0, 0), Precision.Full)),
        ("matrix product", (a, b) => a.MatMul(b, Precision.Full)),
        ("parts", (a, b) => a.Chunk(2, -1)[1] * b.Chunk(2, -1)[0]),
        ("sine", (a, b) => (a + b).Sin()),
        ("cosine", (a, b) => (a * b).Cos()),
        ("SiLU", (a, b) => (a + b).Silu()),
        ("GELU", (a, b) => (a + b).Gelu()),
        ("layer norm", (a, b) => (a + b).LayerNorm(1e-6)),
        ("softmax", (a, b) => (a + b).Softmax()),
        ("RMSNorm", (a, b) => (a + b).RmsNorm(Fixed.select(0, 1), 1e-6)),
    ];

    public static TheoryData<string, bool, bool> Cases()
    {
        var cases = new TheoryData<string, bool, bool>();
        foreach (var (name, _) in Operations)
        {
            cases.Add(name, true, true);
            cases.Add(name, true, false);
            cases.Add(name, false, true);
            cases.Add(name, false, false);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_operation_carries_the_derivative_that_two_reverse_passes_find(string name, bool first, bool second)
    {
        using var scope = NewDisposeScope();
        var apply = Operations.Single(operation => operation.Name == name).Apply;
        var (a, b) = (Batch("a").requires_grad_(true), Batch("b").requires_grad_(true));
        var (da, db) = (Batch("da"), Batch("db"));

        var dual = apply(new(a, first ? da : null), new(b, second ? db : null));
        var plain = apply(a, b).Primal;
        var expected = Reverse.Tangent(plain, [a, b], [first ? da : zeros_like(da), second ? db : zeros_like(db)]);

        (dual.Primal == plain).all().item<bool>().Should().BeTrue("a tangent does not touch the value");
        dual.Primal.requires_grad.Should().BeTrue("the value keeps its graph");
        if (!first && !second)
        {
            dual.Tangent.Should().BeNull();
            return;
        }
        dual.Tangent!.shape.Should().Equal(expected.shape);
        dual.Tangent.requires_grad.Should().BeFalse("nobody differentiates a tangent");
        Distance(dual.Tangent, expected).Should().BeLessThan(1e-13);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tangents_of_the_first_samples_are_those_of_the_whole_batch(string name, bool first, bool second)
    {
        using var scope = NewDisposeScope();
        var apply = Operations.Single(operation => operation.Name == name).Apply;
        Dual Input(string value, bool given, int samples) => new(Batch(value), given ? Batch("d" + value).narrow(0, 0, samples) : null);
        var whole = apply(Input("a", first, Samples), Input("b", second, Samples));
        foreach (var samples in new[] { 1, 2 })
        {
            var part = apply(Input("a", first, samples), Input("b", second, samples));
            (part.Primal == whole.Primal).all().item<bool>().Should().BeTrue();
            (part.Tangent is null).Should().Be(whole.Tangent is null);
            if (part.Tangent is null)
                continue;
            var expected = whole.Tangent!.narrow(0, 0, samples);
            part.Tangent.shape.Should().Equal(expected.shape);
            Distance(part.Tangent, expected).Should().BeLessThan(1e-13);
        }
    }

    private static Tensor Batch(string name) => Random.Normal(name, 0, Samples, 4, 4).to(float64);

    private static double Distance(Tensor actual, Tensor expected) =>
        (actual - expected).abs().max().item<double>() / Math.Max(1, expected.abs().max().item<double>());
}
