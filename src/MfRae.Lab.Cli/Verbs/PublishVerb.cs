using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// Copies the networks that an experiment trained to a folder of weights, each with a card that says where it comes from
/// and how good it is.
/// </summary>
public sealed class PublishVerb(Terminal terminal, Places places, ArtifactStore store, string? commit)
{
    // Role of the stage, its file, the name it is published under, and the roles whose measurements judge it.
    private static readonly (string Role, string File, string Name, string[] JudgedBy)[] Published =
    [
        ("features", "features.safetensors", "inception", ["features"]),
        ("encoder", "encoder.safetensors", "encoder", ["probe"]),
        ("decoder", "decoder.safetensors", "decoder", ["reconstruction"]),
        ("latents", "statistics.safetensors", "latents", []),
        ("teacher", "network.safetensors", "teacher", ["teacherEvaluation"]),
    ];

    /// <param name="experiment">Its name; its first run is published.</param>
    /// <param name="folder">Where to, usually data/weights.</param>
    /// <exception cref="LabException">There is no such experiment, or it trained nothing that could be published.</exception>
    public int Execute(string experiment, string folder)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var record = new RunQueries(database).Experiment(experiment)
            ?? throw new LabException($"the database has no experiment `{experiment}`");
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        var roles = record.Runs[0].Stages;
        var published = 0;
        foreach (var (role, file, name, judgedBy) in Published)
        {
            if (!roles.TryGetValue(role, out var key) || stages[key] is not { } stage || WeightCard.IsLoaded(stage))
                continue;
            if (!store.IsComplete(key))
                throw new LabException($"the stage {stage.Label} of {experiment} is not complete: run {record.Path} first");
            var measurements = judgedBy.Where(roles.ContainsKey).SelectMany(judge => stages[roles[judge]].Measurements);
            Publish(record, stage, Path.Combine(store.CompleteFolder(key), file), Path.Combine(folder, name), [.. measurements]);
            published++;
        }

        return published > 0
            ? ExitCode.Ok
            : throw new LabException($"{experiment} trained none of {string.Join(", ", Published.Select(entry => entry.Role))}");
    }

    private void Publish(ExperimentRecord record, StageRecord stage, string source, string target, IReadOnlyList<Measurement> measurements)
    {
        var content = File.ReadAllBytes(source);
        FileOutput.WriteIfChanged(target + ".safetensors", content);
        FileOutput.WriteIfChanged(target + ".json", WeightCard.Write(record, stage, content, commit, measurements));
        terminal.Out.WriteLine($"{places.Show(target)}.safetensors, {places.Show(target)}.json");
    }
}
