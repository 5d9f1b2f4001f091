using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Words that the command line may use.</summary>
public static class EvaluationNames
{
    /// <summary>Metrics in the order in which they are computed.</summary>
    public static IReadOnlyList<string> Metrics { get; } = [.. KnownMetric.All.Select(metric => metric.Name)];

    /// <summary>Layouts that statistics are written in.</summary>
    public static IReadOnlyList<string> Layouts => StatisticsTarget.Layouts;

    /// <summary>How samples are parted for the Inception score; the first is the default.</summary>
    public static IReadOnlyList<string> InceptionScoreForms { get; } =
    [
        InceptionScoreOptions.ContentOrder, InceptionScoreOptions.Consecutive, InceptionScoreOptions.TorchFidelity,
        InceptionScoreOptions.Adm,
    ];

    // Of torch-fidelity's published scores.
    private const int TorchFidelitySplits = 10;

    /// <summary>Into how many parts a form cuts the samples where nobody says it: those of experiments, but torch-fidelity's own.</summary>
    public static int InceptionScoreSplits(string form) =>
        form == InceptionScoreOptions.TorchFidelity ? TorchFidelitySplits : new InceptionScoreOptions().Splits;
}
