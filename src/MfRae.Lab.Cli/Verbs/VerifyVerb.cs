using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Re-checks a run, an experiment or a report against everything that was recorded of it.</summary>
public sealed class VerifyVerb(Terminal terminal, Places places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    /// <param name="subject">The first digits of a run's id, an experiment's name or file, or a report's page.</param>
    /// <param name="strict">Whether another environment is a failure too.</param>
    public int Execute(string subject, bool strict, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var found = Check(subject, new Subjects(queries));
        (json ? terminal.Out : terminal.Text).Write(json ? VerificationText.Json(found) : VerificationText.Text(found));
        return found.Mismatch || (strict && found.Differs) ? ExitCode.Incomparable : ExitCode.Ok;
    }

    private Verification Check(string subject, Subjects subjects)
    {
        if (subject.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
        {
            var path = Path.GetFullPath(subject, places.WorkingDirectory);
            var reported = subjects.Experiment(Path.GetFileNameWithoutExtension(path));
            return Check(places.Show(path), reported, reported.Stages, PageProblem(path, reported));
        }

        var (experiment, run) = subjects.Any(subject);
        if (run is null)
            return Check(experiment.Name, experiment, experiment.Stages, null);
        var keys = experiment.Runs.Single(candidate => candidate.Id == run.Id).Stages.Values.ToHashSet();
        return Check($"run {run.Id}", experiment, [.. experiment.Stages.Where(stage => keys.Contains(stage.Key))], null);
    }

    private Verification Check(string subject, ExperimentRecord experiment, IReadOnlyList<StageRecord> stages, string? page)
    {
        var verifier = new RecordVerifier(store);
        var checks = stages.Select(stage => verifier.Check(stage, signals.Stop)).ToList();
        var provenances = checks.Where(check => check.Files > 0).Select(check => store.ReadManifest(check.Key).Provenance).ToList();
        var now = time.GetUtcNow();
        var here = Provenance.Of(AttemptOrigins.OfProcess("cpu"), "", 0, 0, now, now);
        return new(subject, checks, RecordVerifier.Differences(provenances, here), Source(experiment, provenances), page);
    }

    private List<string> Source(ExperimentRecord experiment, List<Provenance> provenances)
    {
        var records = new StoreRecords(store);
        var plan = records.Plans().FirstOrDefault(plan => plan.Name == experiment.Name && plan.Hash == experiment.PlanHash);
        var wrong = provenances.Select(provenance => provenance.Commit).Append(plan?.Commit).OfType<string>().Distinct()
            .Where(commit => GitCommit.Knows(places.WorkingDirectory, commit) == false)
            .Select(commit => $"the commit {PrintableText.Of(commit)} is not in the repository of {places.WorkingDirectory}")
            .ToList();
        if (plan is not null && records.PatchProblem(plan) is { } patch)
            wrong.Add(patch);
        return wrong;
    }

    private static string? PageProblem(string path, ExperimentRecord experiment) =>
        !File.Exists(path) ? throw new LabException($"there is no report at {path}")
        : FileOutput.IsSame(path, Reports.Page(experiment)) ? null
        : "the page is not what the database says";
}
