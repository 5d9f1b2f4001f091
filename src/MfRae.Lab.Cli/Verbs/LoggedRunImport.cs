using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`import` of a folder with runs of other programs: adds them to the store and the database, once or whenever they grow.</summary>
internal static class LoggedRunImport
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <param name="watch">Whether to import again whenever something is logged, until a signal.</param>
    /// <exception cref="LabException">The folder has no runs, or a run has a name that is not allowed.</exception>
    public static int Execute(LabContext lab, string folder, bool watch, bool json)
    {
        var full = Path.GetFullPath(folder, lab.WorkingDirectory);
        string? known = null;
        while (true)
        {
            var state = LoggedRuns.State(full);
            if (state != known)
            {
                // While a program starts, a folder may have no runs yet.
                if (!watch || state.Length > 0)
                    Import(lab, full, json);
                known = state;
            }

            if (!watch || Stopped(lab))
                return ExitCode.Ok;
        }
    }

    private static bool Stopped(LabContext lab)
    {
        try
        {
            Task.Delay(Pause, lab.Time, lab.Signals.Stop).GetAwaiter().GetResult();
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    private static void Import(LabContext lab, string folder, bool json)
    {
        var (terminal, paths, store) = (lab.Terminal, lab.Paths, lab.Store);
        var import = new LoggedRuns(store).Take(folder, paths.Show(folder), name => RecordedNames.Conflict(RecordedNames.In(paths), name));
        List<string> warnings = [.. import.Warnings];
        using (var database = LabDatabase.OpenOrCreate(paths.Database))
        {
            var pages = new ReportPages(new RunQueries(database), paths);
            foreach (var plan in import.Plans)
            {
                var before = pages.State(but: plan.Name);
                warnings.AddRange(new ImportedPlan(store, database).Take(plan, new Annotations(1, [], [], [])));
                pages.Update(before, new RunQueries(database).Experiment(plan.Name));
            }
        }

        var outcomes = import.Plans.Select(plan => new OutcomeJson(
            plan.Name, plan.Runs.Count, plan.Stages.Count(stage => store.IsComplete(stage.Key)), paths.Report(plan.Name))).ToList();
        foreach (var warning in warnings.Distinct())
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Of(new ImportJson(outcomes, [.. warnings.Distinct()])));
            return;
        }

        foreach (var outcome in outcomes)
        {
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{outcome.Experiment}: {outcome.Runs} runs, {outcome.Completed} completed; report: {paths.Show(outcome.Report)}"));
        }
    }

    private sealed record OutcomeJson(string Experiment, int Runs, int Completed, string Report);

    private sealed record ImportJson(IReadOnlyList<OutcomeJson> Experiments, IReadOnlyList<string> Warnings);
}
