using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Paths;

[Scoped]
public sealed class GuidanceTests
{
    private const long NullLabel = 9;

    // 10 per label and 1 for the null label, at every time.
    private static Tensor Field(Tensor z, Tensor t, Tensor y) =>
        LinearPath.BroadcastOverLatent(where(y == NullLabel, ones_like(t), y.to(t.dtype) * 10)) + zeros_like(z);

    [Fact]
    public void The_difference_that_the_label_makes_is_scaled()
    {
        var guided = Guidance.Apply(new GuidanceOptions(3), Field, NullLabel);
        Values(guided, [0.5f, 0.5f], [1, 2]).Should().Equal(1 + (3 * 9), 1 + (3 * 19));
    }

    [Fact]
    public void Outside_the_interval_the_label_counts_once_and_both_ends_belong_to_it()
    {
        var guided = Guidance.Apply(new GuidanceOptions(2, 0.25, 0.75), Field, NullLabel);
        Values(guided, [0.2f, 0.25f, 0.75f, 0.8f], [1, 1, 1, 1]).Should().Equal(10, 19, 19, 10);
    }

    [Fact]
    public void A_sample_without_label_stays_as_it_is() =>
        Values(Guidance.Apply(new GuidanceOptions(5), Field, NullLabel), [0.5f], [NullLabel]).Should().Equal(1);

    [Fact]
    public void Without_options_it_is_the_field_itself() =>
        Guidance.Apply(null, Field, NullLabel).Should().Be((VelocityField)Field);

    private static float[] Values(VelocityField field, float[] t, long[] y) =>
        field(zeros(t.Length, 1, 1, 1), tensor(t), tensor(y)).data<float>().ToArray();
}
