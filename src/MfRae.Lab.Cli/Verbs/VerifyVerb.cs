using System.CommandLine;
using System.Globalization;
using System.Text;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`verify`: compares a run, an experiment or a report with the recorded hashes, measurements, source and environment.</summary>
internal static class VerifyVerb
{
    public static Command Create(LabContext lab)
    {
        var subject = new Argument<string>("RUN|EXPERIMENT|REPORT")
        {
            Description = "The first digits of a run id, the name or file of an experiment, or a report page",
        };
        var strict = new Option<bool>("--strict") { Description = "Also exit with 3 if the environment, the commit or the patch differs" };
        var json = CommonOptions.Json();
        var command = new Verb("verify",
            "Compare stored files, measurements, source and environment with the records; exit with 3 if files or measurements were changed",
            "reports/published/ablation-lambda.html")
        {
            subject, strict, json,
        };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(subject), parsed.GetValue(strict), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, string subject, bool strict, bool json)
    {
        using var database = lab.OpenDatabase();
        var found = Check(lab, subject, new NameResolver(new RunQueries(database)));
        if (json)
            lab.Terminal.Out.WriteLine(Json(found));
        else
            lab.Terminal.Text.Write(Text(found));
        return found.Mismatch || (strict && found.Differs) ? ExitCode.Incomparable : ExitCode.Ok;
    }

    private static Verification Check(LabContext lab, string subject, NameResolver names)
    {
        if (subject.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
        {
            var path = Path.GetFullPath(subject, lab.WorkingDirectory);
            var reported = names.Experiment(Path.GetFileNameWithoutExtension(path));
            return Check(lab, lab.Paths.Show(path), reported, reported.Stages, PageProblem(path, reported));
        }

        var (experiment, run) = names.Any(subject);
        if (run is null)
            return Check(lab, experiment.Name, experiment, experiment.Stages, null);
        var keys = experiment.Runs.Single(candidate => candidate.Id == run.Id).Stages.Values.ToHashSet();
        return Check(lab, $"run {run.Id}", experiment, [.. experiment.Stages.Where(stage => keys.Contains(stage.Key))], null);
    }

    private static Verification Check(
        LabContext lab, string subject, ExperimentRecord experiment, IReadOnlyList<StageRecord> stages, string? page)
    {
        var store = lab.Store;
        var verifier = new RecordVerifier(store);
        var checks = stages.Select(stage => verifier.Check(stage, lab.Signals.Stop)).ToList();
        var provenances = checks.Where(check => check.Files > 0).Select(check => store.ReadManifest(check.Key).Provenance).ToList();
        var now = lab.Time.GetUtcNow();
        var here = Provenance.Of(AttemptOrigins.OfProcess("cpu"), "", 0, 0, now, now);
        return new(subject, checks, RecordVerifier.Differences(provenances, here), Source(lab, experiment, provenances), page);
    }

    private static List<string> Source(LabContext lab, ExperimentRecord experiment, List<Provenance> provenances)
    {
        var records = new StoreRecords(lab.Store);
        var plan = records.Plans().FirstOrDefault(plan => plan.Name == experiment.Name && plan.Hash == experiment.PlanHash);
        var wrong = provenances.Select(provenance => provenance.Commit).Append(plan?.Commit).OfType<string>().Distinct()
            .Where(commit => GitCommit.Knows(lab.WorkingDirectory, commit) == false)
            .Select(commit => $"the commit {PrintableText.Of(commit)} is not in the repository of {lab.WorkingDirectory}")
            .ToList();
        if (plan is not null && records.PatchProblem(plan) is { } patch)
            wrong.Add(patch);
        return wrong;
    }

    private static string? PageProblem(string path, ExperimentRecord experiment) =>
        !File.Exists(path) ? throw new LabException($"{path}: report not found")
        : FileOutput.IsSame(path, ReportPages.Page(experiment)) ? null
        : "the page differs from the database";

    private static string Text(Verification found)
    {
        var text = new StringBuilder();
        var table = new TextTable("stage", "files", "bytes", "key", "result");
        foreach (var stage in found.Stages)
            table.Add(stage.Label, Number(stage.Files), Number(stage.Bytes), stage.Key[..10], Result(stage));
        text.Append(table);
        foreach (var stage in found.Stages)
        {
            foreach (var problem in stage.Problems)
                text.AppendLine(CultureInfo.InvariantCulture, $"mismatch: {stage.Label}: {PrintableText.Of(problem)}");
        }

        if (found.Page is { } page)
            text.AppendLine(CultureInfo.InvariantCulture, $"mismatch: {page}");
        foreach (var source in found.Source)
            text.AppendLine(CultureInfo.InvariantCulture, $"differs: {source}");
        foreach (var field in found.Environment)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"differs: {field.Field}: {Or(field.Recorded)} in {field.Stages} stages, {Or(field.Here)} here");
        }

        var verdict = found.Mismatch ? "does not match the records"
            : found.Differs ? "matches the records; the source or environment differs"
            : "matches the records";
        return text.AppendLine(CultureInfo.InvariantCulture, $"{found.Subject} {verdict}").ToString();
    }

    private static string Json(Verification found) => JsonText.Of(new VerificationJson(
        found.Subject,
        found.Mismatch,
        found.Differs,
        found.Page,
        [.. found.Stages.Select(stage => new StageJson(stage.Key, stage.Label, stage.Files, stage.Bytes, stage.Remark, stage.Problems))],
        found.Source,
        [.. found.Environment.Select(field => new EnvironmentJson(field.Field, field.Recorded, field.Here, field.Stages))]));

    private static string Result(StageVerification stage) => stage.Problems.Count > 0 ? "mismatch" : stage.Remark ?? "ok";

    private static string Or(string text) => text.Length == 0 ? "none" : PrintableText.Of(text);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The result of a verification.</summary>
    /// <param name="Source">The problems with commits and patches.</param>
    /// <param name="Page">The problem with the report page; null if it is right or was not checked.</param>
    private sealed record Verification(
        string Subject,
        IReadOnlyList<StageVerification> Stages,
        IReadOnlyList<EnvironmentDifference> Environment,
        IReadOnlyList<string> Source,
        string? Page)
    {
        /// <summary>A file, a measurement or the page does not match the records.</summary>
        public bool Mismatch => Page is not null || Stages.Any(stage => stage.Problems.Count > 0);

        /// <summary>The source or the environment differs from the recorded one.</summary>
        public bool Differs => Environment.Count + Source.Count > 0;
    }

    private sealed record VerificationJson(
        string Subject,
        bool Mismatch,
        bool Differs,
        string? Page,
        IReadOnlyList<StageJson> Stages,
        IReadOnlyList<string> Source,
        IReadOnlyList<EnvironmentJson> Environment);

    private sealed record EnvironmentJson(string Field, string Recorded, string Here, int Stages);

    private sealed record StageJson(string Key, string Label, int Files, long Bytes, string? Remark, IReadOnlyList<string> Problems);
}
