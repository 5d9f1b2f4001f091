using System.Globalization;
using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Finds samples that are sorted by class, where the Inception score is cut into parts in the order of the samples: parts of few classes have a
/// low score.
/// </summary>
internal static class SortedSamples
{
    // Fewer changes of class from one sample to the next than this share of those of a random order.
    private const double Few = 0.5;

    /// <summary>What to tell about the value of these options, or null.</summary>
    public static string? Warning(MetricOptions options, SampleSet set)
    {
        if (options is not InceptionScoreOptions score || score.Form == InceptionScoreOptions.ContentOrder || score.Parts(set.Count) < 2)
            return null;
        using var scope = NewDisposeScope();
        if ((set.Labels ?? set.Logits?.argmax(1)) is not { } classes || !AreSorted(set.AsGiven(classes)))
            return null;
        var name = score.Form == InceptionScoreOptions.Consecutive ? "is, form consecutive" : InceptionScoreOptions.NameOf(score.Form);
        const string advice = "The form contentOrder gives one score for every order.";
        return score.Form == InceptionScoreOptions.TorchFidelity
            ? $"{name}: the samples are sorted by class. This form cuts parts by a fixed permutation of the order of the samples, so "
                + $"another order gives another score. {advice}"
            : string.Create(CultureInfo.InvariantCulture, $"{name}: the samples are sorted by class, so each of the {score.Parts(set.Count)} parts ")
                + $"holds only some of the classes and the score is too low. Shuffle the samples. {advice}";
    }

    /// <summary>Whether samples with these classes int64 [N] lie in blocks of one class.</summary>
    public static bool AreSorted(Tensor classes)
    {
        using var scope = NewDisposeScope();
        var count = classes.shape[0];
        var (_, _, counts) = classes.unique(sorted: true, return_inverse: false, return_counts: true);
        var shares = counts!.to(float64) / count;
        var random = (count - 1) * (1 - shares.square().sum().item<double>());
        return classes.slice(0, 1, count, 1).ne(classes.slice(0, 0, count - 1, 1)).sum().item<long>() < Few * random;
    }
}
