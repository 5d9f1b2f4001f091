using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

/// <summary>Whether bootstrap intervals are as wide as those from new samples of the network.</summary>
[Scoped]
public sealed class IntervalTests
{
    private const int Count = 400;
    private const int Width = 5;

    // The honest experiment: draw new samples and measure again.
    [Fact]
    public void The_interval_of_FID_is_as_wide_as_independent_samples_scatter()
    {
        using var scope = NewDisposeScope();
        var reference = FrechetReference.Of(Clouds.Truth(Width));
        var (values, intervals) = (new List<double>(), new List<double>());
        for (var seed = 0; seed < 200; seed++)
        {
            using var each = NewDisposeScope();
            var estimate = reference.Estimate(Clouds.Normal(seed, Count, Width, 0.5, 1.2));
            values.Add(estimate.Distance);
            if (seed < 20)
                intervals.Add(Clouds.Deviation(new Resamples(300).Shifts(estimate.Influences), 0));
        }
        (intervals.Average() / Clouds.Deviation(values)).Should().BeInRange(0.85, 1.15);
    }

    [Fact]
    public void The_interval_of_FID_holds_the_mean_of_independent_samples_as_often_as_it_says()
    {
        using var scope = NewDisposeScope();
        var reference = FrechetReference.Of(Clouds.Truth(Width));
        var estimates = Enumerable.Range(0, 200).Select(seed => reference.Estimate(Clouds.Normal(seed, Count, Width, 0.5, 1.2))).ToList();
        var mean = estimates.Average(estimate => estimate.Distance);
        var held = estimates.Count(estimate =>
            Resamples.About(estimate.Distance, new Resamples(200).Shifts(estimate.Influences)) is { } range && range.Contains(mean));
        held.Should().BeInRange(182, 198);
    }

    // The same draws, but with mean and covariance computed again for each.
    [Fact]
    public void The_interval_of_FID_agrees_with_a_bootstrap_that_fits_each_draw_again()
    {
        using var scope = NewDisposeScope();
        var reference = FrechetReference.Of(Clouds.Truth(Width));
        var features = Clouds.Normal(0, Count, Width, 0.5, 1.2);
        var resamples = new Resamples(300);
        var estimate = reference.Estimate(features);
        double[] honest = [.. Enumerable.Range(0, resamples.Draws).Select(draw => reference.Distance(features.index_select(0, resamples.Rows(draw, Count))))];

        var shifts = resamples.Shifts(estimate.Influences);
        (Clouds.Deviation(shifts) / Clouds.Deviation(honest)).Should().BeInRange(0.95, 1.05);
        Clouds.Deviation(honest.Zip(shifts, (whole, linear) => whole - linear).ToList())
            .Should().BeLessThan(0.25 * Clouds.Deviation(honest), "the change in a draw is mostly of first order");
    }

    // Where samples and reference agree, the derivative vanishes and the interval errs to the wide side.
    [Fact]
    public void At_the_floor_the_interval_of_FID_is_no_narrower_than_the_scatter()
    {
        using var scope = NewDisposeScope();
        var reference = FrechetReference.Of(Clouds.Truth(Width));
        var estimates = Enumerable.Range(0, 100).Select(seed => reference.Estimate(Clouds.Normal(seed, Count, Width))).ToList();
        var scatter = Clouds.Deviation(estimates.Select(estimate => estimate.Distance).ToList());
        var interval = estimates.Take(20).Average(estimate => Clouds.Deviation(new Resamples(200).Shifts(estimate.Influences), 0));
        (interval / scatter).Should().BeInRange(0.95, 2);
    }

    [Fact]
    public void The_draws_of_IS_are_scores_of_resampled_rows()
    {
        using var scope = NewDisposeScope();
        var logits = new RandomSource(0, CPU).Normal("logits", 0, 90, 7) * 3;
        var resamples = new Resamples(20);
        var found = InceptionScore.OfSplits(logits, 1, resamples).Drawn;
        var expected = Enumerable.Range(0, 20)
            .Select(draw => InceptionScore.OfSplits(logits.index_select(0, resamples.Rows(draw, 90)), 1).Mean);
        found.Zip(expected, (one, other) => Math.Abs(one - other)).Max().Should().BeLessThan(1e-12);

        var halves = InceptionScore.OfSplits(logits, 2, resamples);
        halves.Drawn.Should().HaveCount(20).And.OnlyContain(score => score > 1);
        halves.Drawn.Average().Should().BeApproximately(halves.Mean, 0.5);
    }

    [Fact]
    public void Shifts_and_medians_of_draws_are_those_of_resampled_rows()
    {
        using var scope = NewDisposeScope();
        var resamples = new Resamples(20);
        // Whole numbers: several rows have the same value.
        foreach (var values in new[] { 90, 91 }.Select(count => new RandomSource(0, CPU).Integers("values", 0, 40, count).to(float64)))
        {
            double[] numbers = values.data<double>().ToArray();
            Tensor Drawn(int draw) => values.index_select(0, resamples.Rows(draw, numbers.Length));

            resamples.Shifts(numbers).Zip(Enumerable.Range(0, 20), (shift, draw) => Math.Abs(shift - (Drawn(draw).mean() - values.mean()).item<double>()))
                .Max().Should().BeLessThan(1e-12);
            resamples.Medians(numbers).Should().Equal(Enumerable.Range(0, 20).Select(draw => Drawn(draw).quantile(tensor(0.5, dtype: float64)).item<double>()));
            resamples.Shifts(numbers, "another").Should().NotEqual(resamples.Shifts(numbers));
        }
    }

    [Fact]
    public void The_interval_of_KID_is_as_wide_as_independent_samples_scatter()
    {
        using var scope = NewDisposeScope();
        var others = Clouds.Normal(1000, 300, Width);
        var reference = new NeighbourReference(others);
        var (values, intervals) = (new List<double>(), new List<double>());
        for (var seed = 0; seed < 60; seed++)
        {
            using var each = NewDisposeScope();
            var samples = Clouds.Normal(seed, 300, Width, 0.4);
            var distance = KernelDistance.Of(samples, others, subsets: 20, size: 100);
            values.Add(distance.Mean);
            if (seed < 10)
                intervals.Add(Clouds.Deviation(distance.Shifts(reference.Scores(samples, 3, 5).KernelInfluences, new Resamples(200)), 0));
        }
        (intervals.Average() / Clouds.Deviation(values)).Should().BeInRange(0.75, 1.35);
    }

    [Fact]
    public void Intervals_of_shares_are_as_wide_as_independent_samples_scatter()
    {
        using var scope = NewDisposeScope();
        var reference = new NeighbourReference(Clouds.Normal(1000, 200, Width));
        var found = Enumerable.Range(0, 60).Select(seed => reference.Scores(Clouds.Normal(seed, 200, Width, 0.6), 3, 5)).ToList();
        void Near(Func<NeighbourScores, double> value, Func<NeighbourScores, double[]> influences, double least, double most) =>
            (found.Take(10).Average(scores => Clouds.Deviation(new Resamples(200).Shifts(influences(scores)), 0))
                / Clouds.Deviation(found.Select(value).ToList())).Should().BeInRange(least, most);

        Near(scores => scores.Precision.Average(), scores => scores.Precision, 0.8, 1.2);
        Near(scores => scores.Density.Average(), scores => scores.Density, 0.8, 1.2);
        // Samples that share a reference feature, or move the radii of others, count less than their own balls say.
        Near(scores => scores.Recall, scores => scores.RecallInfluences, 0.7, 2);
        Near(scores => scores.Coverage, scores => scores.CoverageInfluences, 0.7, 1.5);
    }

    [Fact]
    public void The_same_set_has_the_same_interval_again()
    {
        using var scope = NewDisposeScope();
        var set = new SampleSet(Clouds.Normal(0, 50, 4), null, null, null, null, null, [new("test", Clouds.Truth(4), "hash")]);
        Metric.Compute(new FidOptions(), set).Should().Equal(Metric.Compute(new FidOptions(), set));
        var bare = Metric.Compute(new FidOptions(), set, draws: 0).Single();
        bare.Low.Should().BeNull();
        bare.Value.Should().BeApproximately(Metric.Compute(new FidOptions(), set).Single().Value, 1e-12);
    }
}
