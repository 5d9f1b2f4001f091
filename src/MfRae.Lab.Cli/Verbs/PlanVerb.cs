using System.CommandLine;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// `plan`: prints the stages that a run would compute, their predicted time and disk space, and the statistical power, without changing anything.
/// </summary>
internal static class PlanVerb
{
    public static Command Create(LabContext lab)
    {
        var (file, overrides, only) = (CommonOptions.ExperimentFile(), CommonOptions.Overrides(), CommonOptions.Only());
        var (device, jobs) = (CommonOptions.Device(), CommonOptions.Jobs());
        var command = new Verb("plan", "Print which stages would run, which are cached, the expected time and disk space, and the statistical power of the seeds",
            "experiments/ablation-lambda.json seeds=0-5")
        {
            file, overrides, only, device, jobs,
        };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(file), parsed.GetValue(overrides) ?? [], parsed.GetValue(only) ?? [],
            new RunSettings(Device: parsed.GetRequiredValue(device), Jobs: parsed.GetNumber(jobs))));
        return command;
    }

    public static int Execute(LabContext lab, string file, string[] overrides, string[] only, RunSettings settings)
    {
        if (PlanLoader.Load(lab, file, overrides, only, out var code) is not { } whole)
            return code;
        var plan = ArmFilter.Limit(whole, only);
        var restored = RestoredStages.Of(plan, lab.Store);
        bool IsComplete(string key) => lab.Store.IsComplete(key) && !restored.Contains(key);
        lab.Terminal.Text.Write(PlanText.Describe(plan, IsComplete, EarlierResults.Spread(lab.Paths, plan.Experiment.PrimaryMetric)));
        lab.Terminal.Text.Write(TimeText.Predict(plan, IsComplete, EarlierTimes.Read(lab, queries => EarlierTimes.Of(queries, settings)), EarlierTimes.Jobs(settings)));
        lab.Terminal.Text.Write(TimeText.Space(plan, IsComplete, lab.Store, FreeBytes(lab.Paths.Store)));
        return ExitCode.Ok;
    }

    /// <summary>The free bytes of the disk of a folder, which need not exist yet; null if the system does not tell.</summary>
    private static long? FreeBytes(string folder)
    {
        var existing = folder;
        while (existing is not null && !Directory.Exists(existing))
            existing = Path.GetDirectoryName(existing);
        try
        {
            return existing is null ? null : new DriveInfo(existing).AvailableFreeSpace;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>The times of earlier stages, and the resources of a run.</summary>
internal static class EarlierTimes
{
    /// <summary>Times in the database; none if it does not exist or cannot be read, as before the migration of an old one.</summary>
    public static StageTimes Read(LabContext lab, Func<RunQueries, StageTimes> of)
    {
        if (!File.Exists(lab.Paths.Database))
            return new();
        try
        {
            using var database = lab.OpenDatabase();
            return of(new RunQueries(database));
        }
        catch (LabException error)
        {
            lab.Terminal.Error.WriteLine($"the time is not predicted: {error.Message}");
            return new();
        }
    }

    public static StageTimes Of(RunQueries queries, RunSettings settings) => queries.StageTimes(
        MachineDescription.Processor(), ResourceAllocation.Threads(settings, System.Environment.ProcessorCount), settings.Device);

    public static int Jobs(RunSettings settings) => ResourceAllocation.Jobs(settings, System.Environment.ProcessorCount);
}

/// <summary>Reads an experiment file and plans it. Warnings and mistakes are written to standard error.</summary>
internal static class PlanLoader
{
    /// <param name="code">The exit code if the file has mistakes.</param>
    /// <returns>The plan of all arms, or null if the file has mistakes.</returns>
    /// <exception cref="LabException">A file that the options name cannot be read.</exception>
    public static Plan? Load(LabContext lab, string file, string[] overrides, string[] only, out int code)
    {
        var read = ExperimentReader.Read(file, overrides, lab.WorkingDirectory, only: only);
        DiagnosticText.Warn(lab.Terminal.Error, read.Warnings);
        IReadOnlyList<Diagnostic> diagnostics = read.Experiment is { } experiment
            ?
            [
                .. ArmFilter.Check(experiment, only),
                .. RecordedNames.Check(lab.Paths, experiment),
                .. WeightPathCheck.Diagnose(experiment, lab.WorkingDirectory),
            ]
            : read.Diagnostics;
        code = diagnostics.Count == 0 ? ExitCode.Ok : DiagnosticText.Write(lab.Terminal.Error, diagnostics);
        return diagnostics.Count == 0 ? Planner.Build(read.Experiment!, FileHash.In(lab.WorkingDirectory, lab.Signals.Stop)) : null;
    }
}

/// <summary>Limits a plan to some arms.</summary>
internal static class ArmFilter
{
    /// <summary>A diagnostic for each name that is not an arm of the experiment.</summary>
    public static IReadOnlyList<Diagnostic> Check(Experiment experiment, IReadOnlyList<string> only) =>
    [
        .. only.Where(name => experiment.Arms.All(arm => arm.Name != name))
            .Select(name => new Diagnostic(
                null,
                0,
                "--only",
                $"`{name}` is not an arm of {experiment.Name}",
                "one of " + string.Join(", ", experiment.Arms.Select(arm => $"`{arm.Name}`")))),
    ];

    /// <summary>The runs of the given arms and the stages that they need; the whole plan if no arm is given.</summary>
    public static Plan Limit(Plan plan, IReadOnlyList<string> only)
    {
        if (only.Count == 0)
            return plan;
        var runs = plan.Runs.Where(run => only.Contains(run.Arm)).ToList();
        var needed = new HashSet<string>(runs.SelectMany(run => run.Stages.Values));
        // Inputs precede the stages that use them, so one pass from the end finds all needed stages.
        foreach (var stage in plan.Stages.Reverse().Where(stage => needed.Contains(stage.Key)))
            needed.UnionWith(stage.Inputs.Values);
        return plan with { Runs = runs, Stages = [.. plan.Stages.Where(stage => needed.Contains(stage.Key))] };
    }
}
