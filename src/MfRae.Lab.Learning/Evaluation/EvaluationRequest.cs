namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What is to be evaluated, and how.</summary>
/// <param name="Samples">A folder, a file or a name; see <see cref="EvaluationPath"/>.</param>
/// <param name="Reference">As samples, or a file of statistics.</param>
/// <param name="Train">Training images, for memorisation and the floor of FID; or null.</param>
/// <param name="Features">In the order of the answer; empty: what suits the images.</param>
/// <param name="Metrics">By name; empty: all that can be computed.</param>
/// <param name="Cache">Folder of features that were computed before, or null for none.</param>
/// <param name="Device">auto, cpu, cuda or cuda:N.</param>
/// <param name="Batch">Images at a time; 0 takes what suits the network.</param>
/// <param name="Crop">Side of the square that images of folders are brought to as by ADM; 0 leaves them.</param>
/// <param name="Draws">Resamples behind each interval; 0 for none.</param>
/// <param name="Seed">Of the ladder's noise.</param>
/// <param name="Ladder">Whether the reference is corrupted step by step to see whether FID follows.</param>
/// <param name="SaveStatistics">Where statistics of the samples are written to, or null.</param>
/// <param name="Layout">Whose layout they are written in, or null for what suits the file's name.</param>
/// <param name="InceptionScoreForm">A word of <see cref="EvaluationNames.InceptionScoreForms"/>.</param>
/// <param name="InceptionScoreSplits">Parts of the samples, but for ADM's form.</param>
public sealed record EvaluationRequest(
    string WorkingDirectory,
    string Samples,
    string Reference,
    string? Train,
    IReadOnlyList<FeatureChoice> Features,
    IReadOnlyList<string> Metrics,
    string? Cache,
    string Device,
    int Batch,
    int Crop,
    int Draws,
    long Seed,
    bool Ladder,
    string? SaveStatistics,
    string? Layout,
    string InceptionScoreForm,
    int InceptionScoreSplits);
