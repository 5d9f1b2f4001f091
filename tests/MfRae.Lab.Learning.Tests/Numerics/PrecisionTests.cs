using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Numerics;

[Scoped]
public sealed class PrecisionTests
{
    [Theory]
    [InlineData("tf32", 13)]
    [InlineData("bfloat16", 16)]
    public void Every_operand_is_the_nearest_value_of_the_narrower_type_and_ties_go_to_the_even_one(string name, int dropped)
    {
        using var scope = NewDisposeScope();
        var numbers = Numbers(dropped);

        var rounded = Precision.Of(name).Round(tensor(numbers)).data<float>().ToArray();

        rounded.Select(BitConverter.SingleToUInt32Bits).Should().Equal(numbers.Select(number => Nearest(number, dropped)));
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("float64")]
    public void Full_precision_is_the_tensor_itself(string name)
    {
        using var x = tensor(new[] { 1.1, 2.2 });
        Precision.Of(name).Round(x).Should().BeSameAs(x);
    }

    [Fact]
    public void A_rounded_value_has_the_gradient_of_the_value_itself()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1.00003f, -7.7777f }).requires_grad_();

        var rounded = Precision.Tf32.Round(x);
        (rounded * rounded).sum().backward();

        rounded.detach().data<float>().Should().Equal(Precision.Tf32.Round(x.detach()).data<float>());
        x.grad!.data<float>().Should().Equal((2 * rounded.detach()).data<float>());
    }

    /// <summary>Ties, their neighbours, powers of two, both signs, many exponents, and what random bits make.</summary>
    private static float[] Numbers(int dropped)
    {
        var random = new Random(4);
        var numbers = new List<float> { 0, -0.0f, 1, 1e-30f, 3e30f, float.Pi };
        for (var exponent = 40; exponent < 210; exponent++)
        {
            foreach (var mantissa in new[] { 0u, 1u, 0x7FFFFFu, (uint)random.Next(1 << 23), (uint)random.Next(1 << 23) })
            {
                var kept = mantissa >> dropped << dropped;
                foreach (var low in new[] { mantissa - kept, 1u << (dropped - 1), (1u << (dropped - 1)) - 1, (1u << (dropped - 1)) + 1 })
                {
                    var bits = (uint)exponent << 23 | kept | low;
                    numbers.Add(BitConverter.UInt32BitsToSingle(bits));
                    numbers.Add(BitConverter.UInt32BitsToSingle(bits | 0x80000000));
                }
            }
        }
        return [.. numbers];
    }

    /// <summary>Half of the dropped part, less one unit where the kept part is even, is added; a carry goes up into the exponent.</summary>
    private static uint Nearest(float number, int dropped)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return (bits + (1u << (dropped - 1)) - 1 + (bits >> dropped & 1)) >> dropped << dropped;
    }
}
