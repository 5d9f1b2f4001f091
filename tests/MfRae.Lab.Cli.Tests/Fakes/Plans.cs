using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>Small plans whose keys are their labels.</summary>
internal static class Plans
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Plan Of(params string[] labels) => new(
        new Experiment("small", "small.json", "?", "!", "fid@1", [], [0],
            new EvaluationOptions(new PretrainedFeatureOptions("features.safetensors"), [], ["test"]), []),
        [.. labels.Select(label => new StageNode(label, "probe", label, new ProbeStage(), null, new Dictionary<string, string>()))],
        [],
        "hash");

    public static JournalLine Line(long seq, double seconds, JournalEvent entry) => new(seq, Start.AddSeconds(seconds), entry);
}
