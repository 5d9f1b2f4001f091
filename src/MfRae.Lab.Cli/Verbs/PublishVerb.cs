using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// Copies the networks that an experiment trained to a folder of weights, each with a card that says where it comes from
/// and how good it is. A network that the chosen runs share is named after its role; of several, each has arm and seed in its name.
/// </summary>
public sealed class PublishVerb(Terminal terminal, LabPaths places, ArtifactStore store, string? commit)
{
    // Role of the stage, its file, the name it is published under, and the roles whose measurements judge it.
    private static readonly (string Role, string File, string Name, string[] JudgedBy)[] Published =
    [
        ("features", "features.safetensors", "inception", ["features"]),
        ("encoder", "encoder.safetensors", "encoder", ["probe"]),
        ("decoder", "decoder.safetensors", "decoder", ["reconstruction"]),
        ("latents", "statistics.safetensors", "latents", []),
        ("teacher", "network.safetensors", "teacher", ["teacherEvaluation"]),
        ("cmt", "network.safetensors", "cmt", []),
        ("meanflow", "network.safetensors", "meanflow", ["evaluation", "oracleEvaluation"]),
    ];

    /// <param name="subject">An experiment's name or file, or the first digits of a run's id.</param>
    /// <param name="arm">Only the networks of this arm; null for all.</param>
    /// <param name="seed">Only the networks of this seed; null for all.</param>
    /// <param name="folder">Where to, usually data/weights.</param>
    /// <exception cref="LabException">
    /// The experiment, arm, seed or run does not exist; the chosen runs trained no network; or a network is incomplete or has changed.
    /// </exception>
    public int Execute(string subject, string? arm, long? seed, string folder)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var (record, run) = new NameResolver(new RunQueries(database)).Any(subject);
        var runs = run is null ? Select(record, arm, seed)
            : arm is null && seed is null ? [.. record.Runs.Where(candidate => candidate.Id == run.Id)]
            : throw new LabException($"the run {run.Id} has one arm and one seed already: give --arm and --seed with an experiment");
        var networks = Published.SelectMany(entry => Networks(record, runs, entry.Role, entry.File, entry.Name, entry.JudgedBy)).ToList();
        if (networks.Count == 0)
            throw new LabException($"{record.Name} trained none of {string.Join(", ", Published.Select(entry => entry.Role))}");
        foreach (var network in networks)
            Publish(record, network, Path.Combine(folder, network.Name));
        return ExitCode.Ok;
    }

    private static List<RunRecord> Select(ExperimentRecord record, string? arm, long? seed)
    {
        if (arm is not null)
            NameResolver.RequireArm(arm, [.. record.Arms.Select(one => one.Name)]);
        if (seed is { } number && !record.Seeds.Contains(number))
            throw new LabException($"{record.Name} has no seed {number}; its seeds are {string.Join(", ", record.Seeds)}");
        return record.Runs.Where(run => (arm is null || run.Arm == arm) && (seed is null || run.Seed == seed)).ToList() is { Count: > 0 } runs
            ? runs
            : throw new LabException($"{record.Name} has no run of the arm {arm} with the seed {seed}");
    }

    private IEnumerable<Network> Networks(
        ExperimentRecord record, List<RunRecord> runs, string role, string file, string name, string[] judgedBy)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        var users = runs.Where(run => run.Stages.TryGetValue(role, out var key) && !WeightCard.IsLoaded(stages[key])).ToList();
        var networks = users.GroupBy(run => run.Stages[role]).ToList();
        // Arm and seed are part of the name where networks differ by them: two networks never share a name.
        var byArm = networks.Select(network => string.Join('\n', network.Select(run => run.Arm).Distinct())).Distinct().Count() > 1;
        var bySeed = networks.Select(network => string.Join('\n', network.Select(run => run.Seed).Distinct())).Distinct().Count() > 1;
        string Suffix(RunRecord run) => (byArm ? $"-{run.Arm}" : "") + (bySeed ? string.Create(CultureInfo.InvariantCulture, $"-seed{run.Seed}") : "");
        if (networks.DistinctBy(network => Suffix(network.First())).Count() < networks.Count)
            byArm = bySeed = true;
        foreach (var network in networks)
        {
            var (stage, first) = (stages[network.Key], network.First());
            if (!store.IsComplete(stage.Key))
            {
                throw new LabException($"the stage {stage.Label} of {record.Name} is not complete: run {record.Path} first, or choose another "
                    + "network with --arm or --seed");
            }

            var manifest = store.ReadManifest(stage.Key).Files.FirstOrDefault(one => one.Name == file);
            if (manifest is null)
            {
                terminal.Error.WriteLine($"{stage.Label}: not published, it made no {file}");
                continue;
            }

            yield return new(
                stage, manifest, name + Suffix(first), [.. judgedBy.Where(first.Stages.ContainsKey).SelectMany(judge => stages[first.Stages[judge]].Measurements)],
                networks.Count > 1 ? [.. network.Select(run => string.Create(CultureInfo.InvariantCulture, $"{run.Arm} seed {run.Seed}"))] : []);
        }
    }

    private void Publish(ExperimentRecord record, Network network, string target)
    {
        var source = Path.Combine(store.CompleteFolder(network.Stage.Key), network.File.Name);
        if (FileOutput.CopyIfChanged(source, target + ".safetensors") != network.File.Sha256)
            throw new LabException($"{source} has changed: its SHA-256 is not that of its manifest. Run {record.Path} again, and publish then");
        FileOutput.WriteIfChanged(target + ".json", WeightCard.Write(record, network.Stage, network.File, commit, network.Measurements, network.Runs));
        terminal.Out.WriteLine($"{places.Show(target)}.safetensors, {places.Show(target)}.json");
    }

    /// <param name="Name">Of the published file, without its suffix.</param>
    /// <param name="Runs">The chosen runs that use it, where there are several networks of its role.</param>
    private sealed record Network(
        StageRecord Stage, ManifestFile File, string Name, IReadOnlyList<Measurement> Measurements, IReadOnlyList<string> Runs);
}
