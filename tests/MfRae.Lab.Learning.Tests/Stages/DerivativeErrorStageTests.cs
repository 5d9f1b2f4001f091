using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Learning.Tests.Stages;

[Scoped]
public sealed class DerivativeErrorStageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Fact]
    public void A_difference_is_measured_at_its_own_step_and_as_curves_over_all_steps()
    {
        var stage = Run("difference", new CentralDifferenceOptions(Delta: 1e-2));

        stage.Measurements.Select(value => value.Key).Should().Equal(DerivativeErrorNames.Measurements);
        stage.Measurements.Should().OnlyContain(value => value.Value > 0 && value.Steps == 0);
        stage.Measurements.First().Samples.Should().Be(70);
        var curves = stage.Events.OfType<MetricsEvent>().ToList();
        curves.Select(point => DerivativeErrorNames.Delta(point.Step)).Should().Equal(1e-3, 1e-2, 5e-2);
        curves.Should().OnlyContain(point => point.Values.Count == 7 && point.Values.Values.All(value => value > 0));
        stage.Measurements.First().Value.Should().Be(curves[1].Values[DerivativeErrorNames.Error]);
    }

    [Fact]
    public void An_exact_estimator_has_no_curve_and_nothing_predicted()
    {
        var stage = Run("exact", new JvpOptions());

        stage.Measurements.Select(value => value.Key).Should().Equal(
            DerivativeErrorNames.Error, DerivativeErrorNames.Median, DerivativeErrorNames.Tail, DerivativeErrorNames.Early);
        stage.Measurements.First().Value.Should().BeLessThan(1e-4);
        stage.Events.OfType<MetricsEvent>().Should().BeEmpty();
    }

    private TestStage Run(string name, DerivativeOptions derivative)
    {
        lab.Run(name, new DerivativeErrorStage(new(derivative, new UniformTimeOptions(), [1e-3, 5e-2], Samples: 70, EarlySamples: 4)),
            [(StageInput.Latents, "latents"), (StageInput.Teacher, "teacher"), (StageInput.Generator, "cmt")]);
        return lab.Stage(name);
    }
}
