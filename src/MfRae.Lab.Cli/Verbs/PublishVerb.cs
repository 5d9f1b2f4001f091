using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// `publish`: copies trained networks to a folder of weights, each with a card that gives its origin and its measurements. A network that
/// all chosen runs share is named after its role; if there are several, their names also contain arm and seed.
/// </summary>
internal static class PublishVerb
{
    private const string DefaultFolder = "data/weights";

    // The role of the stage, its file, the published name, and the roles whose measurements evaluate the network.
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

    public static Command Create(LabContext lab)
    {
        var subject = CommonOptions.RunOrExperiment();
        var folder = new Option<string>("--to") { Description = "The target folder", HelpName = "DIR", DefaultValueFactory = _ => DefaultFolder };
        var arm = new Option<string>("--arm") { Description = "Only the networks of this arm", HelpName = "ARM" };
        var seed = new Option<long?>("--seed") { Description = "Only the networks of this seed", HelpName = "N" };
        var command = new Verb("publish",
            "Copy the trained networks of an experiment or a run to a folder of weights, with cards. A network that all chosen runs share is "
                + "named after its role; if there are several, their names also contain arm and seed",
            "fashion-mnist --to data/weights")
        {
            subject, folder, arm, seed,
        };
        command.SetAction(parsed => Execute(
            lab.For(parsed),
            parsed.GetRequiredValue(subject),
            parsed.GetValue(arm),
            parsed.GetValue(seed),
            Path.GetFullPath(parsed.GetRequiredValue(folder), lab.WorkingDirectory)));
        return command;
    }

    /// <param name="subject">The name or file of an experiment, or the first digits of a run id.</param>
    /// <param name="arm">Only the networks of this arm; null for all.</param>
    /// <param name="seed">Only the networks of this seed; null for all.</param>
    /// <exception cref="LabException">
    /// The experiment, arm, seed or run does not exist; the chosen runs trained no network; or a network is incomplete or has changed.
    /// </exception>
    private static int Execute(LabContext lab, string subject, string? arm, long? seed, string folder)
    {
        using var database = lab.OpenDatabase();
        var (record, run) = new NameResolver(new RunQueries(database)).Any(subject);
        var runs = RunSelection.Of(record, run, arm, seed);
        var networks = Published.SelectMany(entry => Networks(lab, record, runs, entry.Role, entry.File, entry.Name, entry.JudgedBy)).ToList();
        if (networks.Count == 0)
            throw new LabException($"{record.Name} trained no network ({string.Join(", ", Published.Select(entry => entry.Role))})");
        var commit = GitCommit.Of(lab.WorkingDirectory);
        foreach (var network in networks)
            Publish(lab, record, network, Path.Combine(folder, network.Name), commit);
        return ExitCode.Ok;
    }

    private static IEnumerable<Network> Networks(
        LabContext lab, ExperimentRecord record, List<RunRecord> runs, string role, string file, string name, string[] judgedBy)
    {
        var store = lab.Store;
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        var users = runs.Where(run => run.Stages.TryGetValue(role, out var key) && !WeightCard.IsLoaded(stages[key])).ToList();
        var networks = users.GroupBy(run => run.Stages[role]).ToList();
        // Names contain the arm or the seed if networks differ by it, so that two networks never share a name.
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
                lab.Terminal.Error.WriteLine($"{stage.Label}: not published, its output has no {file}");
                continue;
            }

            if (store.Dropped(stage.Key).HasFlag(StoredFileKinds.Weights))
                throw new LabException($"the weights of {stage.Label} were dropped: run {record.Path} with --keep {StoredFiles.Name(StoredFileKinds.Weights)} first");

            yield return new(
                stage, manifest, name + Suffix(first), [.. judgedBy.Where(first.Stages.ContainsKey).SelectMany(judge => stages[first.Stages[judge]].Measurements)],
                networks.Count > 1 ? [.. network.Select(run => string.Create(CultureInfo.InvariantCulture, $"{run.Arm} seed {run.Seed}"))] : []);
        }
    }

    private static void Publish(LabContext lab, ExperimentRecord record, Network network, string target, string? commit)
    {
        var source = Path.Combine(lab.Store.CompleteFolder(network.Stage.Key), network.File.Name);
        if (FileOutput.CopyIfChanged(source, target + ".safetensors") != network.File.Sha256)
            throw new LabException($"{source} has changed: its SHA-256 differs from its manifest. Run {record.Path} again, then publish");
        FileOutput.WriteIfChanged(target + ".json", WeightCard.Write(record, network.Stage, network.File, commit, network.Measurements, network.Runs));
        lab.Terminal.Out.WriteLine($"{lab.Paths.Show(target)}.safetensors, {lab.Paths.Show(target)}.json");
    }

    /// <param name="Name">The published file's name without its suffix.</param>
    /// <param name="Runs">The chosen runs that use the network; empty if its role has only one network.</param>
    private sealed record Network(
        StageRecord Stage, ManifestFile File, string Name, IReadOnlyList<Measurement> Measurements, IReadOnlyList<string> Runs);
}
