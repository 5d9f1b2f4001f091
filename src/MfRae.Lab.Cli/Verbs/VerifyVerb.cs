using System.Globalization;
using System.Text;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Re-checks a run, an experiment or a report against everything that was recorded of it.</summary>
public sealed class VerifyVerb(Terminal terminal, LabPaths places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    /// <param name="subject">The first digits of a run's id, an experiment's name or file, or a report's page.</param>
    /// <param name="strict">Whether another environment is a failure too.</param>
    public int Execute(string subject, bool strict, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var found = Check(subject, new NameResolver(queries));
        (json ? terminal.Out : terminal.Text).Write(json ? VerificationText.Json(found) : VerificationText.Text(found));
        return found.Mismatch || (strict && found.Differs) ? ExitCode.Incomparable : ExitCode.Ok;
    }

    private Verification Check(string subject, NameResolver subjects)
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
        : FileOutput.IsSame(path, ReportPages.Page(experiment)) ? null
        : "the page is not what the database says";
}

/// <summary>What `verify` found.</summary>
/// <param name="Source">What is wrong with commits and patches, a sentence each.</param>
/// <param name="Page">What is wrong with the page of the report, or null where it is right or was not asked for.</param>
public sealed record Verification(
    string Subject,
    IReadOnlyList<StageVerification> Stages,
    IReadOnlyList<EnvironmentDifference> Environment,
    IReadOnlyList<string> Source,
    string? Page)
{
    /// <summary>Something is not what was recorded.</summary>
    public bool Mismatch => Page is not null || Stages.Any(stage => stage.Problems.Count > 0);

    /// <summary>Nothing is wrong, but it could not be computed again with the very same means.</summary>
    public bool Differs => Environment.Count + Source.Count > 0;
}

/// <summary>What a verification found, for people and for programs.</summary>
public static class VerificationText
{
    public static string Text(Verification found)
    {
        var text = new StringBuilder();
        var table = new TextTable("stage", "files", "bytes", "key", "result");
        foreach (var stage in found.Stages)
            table.Add(stage.Label, Number(stage.Files), Number(stage.Bytes), stage.Key[..10], Result(stage));
        text.Append(table);
        foreach (var stage in found.Stages)
            foreach (var problem in stage.Problems)
                text.AppendLine(CultureInfo.InvariantCulture, $"mismatch: {stage.Label}: {PrintableText.Of(problem)}");
        if (found.Page is { } page)
            text.AppendLine(CultureInfo.InvariantCulture, $"mismatch: {page}");
        foreach (var source in found.Source)
            text.AppendLine(CultureInfo.InvariantCulture, $"differs: {source}");
        foreach (var field in found.Environment)
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"differs: {field.Field}: {Or(field.Recorded)} in {field.Stages} stages, {Or(field.Here)} here");
        var verdict = found.Mismatch ? "is not what was recorded"
            : found.Differs ? "is what was recorded; what it was computed with differs from what is here"
            : "is what was recorded";
        return text.AppendLine(CultureInfo.InvariantCulture, $"{found.Subject} {verdict}").ToString();
    }

    public static string Json(Verification found) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("subject", found.Subject);
        json.WriteBoolean("mismatch", found.Mismatch);
        json.WriteBoolean("differs", found.Differs);
        json.WriteString("page", found.Page);
        json.Objects("stages", found.Stages, stage =>
        {
            json.WriteString("key", stage.Key);
            json.WriteString("label", stage.Label);
            json.WriteNumber("files", stage.Files);
            json.WriteNumber("bytes", stage.Bytes);
            json.WriteString("remark", stage.Remark);
            json.Strings("problems", stage.Problems);
        });
        json.Strings("source", found.Source);
        json.Objects("environment", found.Environment, field =>
        {
            json.WriteString("field", field.Field);
            json.WriteString("recorded", field.Recorded);
            json.WriteString("here", field.Here);
            json.WriteNumber("stages", field.Stages);
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static string Result(StageVerification stage) => stage.Problems.Count > 0 ? "mismatch" : stage.Remark ?? "ok";

    private static string Or(string text) => text.Length == 0 ? "none" : PrintableText.Of(text);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
