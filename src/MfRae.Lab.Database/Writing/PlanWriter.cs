using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Database.Writing;

/// <summary>Writes a plan and makes it the current plan of its experiment.</summary>
internal sealed class PlanWriter(Writer writer)
{
    public const string Deserted = "the run ended before this stage was complete";

    public void Write(PlanRecord plan, IReadOnlySet<string> cached)
    {
        var experiment = WriteExperiment(plan);
        // Arms and runs contain no results, and a plan with the same hash may have other descriptions, so they are rewritten.
        foreach (var table in new[] { "run_stage", "run", "plan_stage", "arm", "written_file" })
        {
            writer.Execute($"DELETE FROM {table} WHERE experiment = @experiment", new { experiment });
        }

        WriteFiles(experiment, plan.Files ?? []);
        WriteArms(experiment, plan.Arms);
        WriteStages(experiment, plan.Stages);
        WriteRuns(experiment, plan.Runs);
        Interrupt(experiment);
        writer.Execute(
            "UPDATE stage SET status = 'completed', reason = NULL WHERE key = @key",
            plan.Stages.Where(stage => cached.Contains(stage.Key)).Select(stage => new { key = stage.Key }));
        // The stage was completed but its artifact is gone, or it was skipped and its inputs are computed again.
        writer.Execute(
            "UPDATE stage SET status = 'planned', reason = NULL WHERE key = @key AND status IN ('completed', 'skipped')",
            plan.Stages.Where(stage => !cached.Contains(stage.Key)).Select(stage => new { key = stage.Key }));
    }

    /// <summary>Ends a plan: stages that are still queued or running get their final state.</summary>
    public void Close(string name, string hash) => Interrupt(writer.Scalar<long>(
        "SELECT id FROM experiment WHERE name = @name AND plan_hash = @hash", new { name, hash }));

    private void Interrupt(long experiment)
    {
        writer.Execute(
            """
            UPDATE attempt SET status = 'interrupted'
            WHERE status = 'running' AND stage IN (SELECT stage FROM plan_stage WHERE experiment = @experiment)
            """,
            new { experiment });
        writer.Execute(
            """
            UPDATE stage SET status = 'interrupted', reason = @Deserted
            WHERE status IN ('queued', 'running') AND key IN (SELECT stage FROM plan_stage WHERE experiment = @experiment)
            """,
            new { experiment, Deserted });
    }

    private long WriteExperiment(PlanRecord plan)
    {
        return writer.Scalar<long>(
            """
            INSERT INTO experiment (name, plan_hash, planned, path, question, expectation, primary_metric, overrides, evaluation, title,
              first_run, last_run, smallest_relevant_effect, contrasts)
            SELECT @Name, @Hash, coalesce(max(planned), 0) + 1, @Path, @Question, @Expectation, @PrimaryMetric, @Overrides, @Evaluation,
              @Title, @First, @Last, @SmallestRelevantEffect, @Contrasts
            FROM experiment
            WHERE true
            ON CONFLICT (name, plan_hash) DO UPDATE SET planned = excluded.planned, path = excluded.path, question = excluded.question,
              expectation = excluded.expectation, primary_metric = excluded.primary_metric, overrides = excluded.overrides,
              evaluation = excluded.evaluation, title = excluded.title,
              smallest_relevant_effect = excluded.smallest_relevant_effect, contrasts = excluded.contrasts,
              last_run = coalesce(excluded.last_run, last_run)
            RETURNING id
            """,
            new
            {
                plan.Name,
                plan.Hash,
                plan.Path,
                plan.Question,
                plan.Expectation,
                plan.PrimaryMetric,
                Overrides = JsonSerializer.Serialize(plan.Overrides, LabJson.Default.IReadOnlyListString),
                Evaluation = plan.EvaluationJson,
                plan.Title,
                First = plan.Begun == default ? null : WallTime.Text(plan.FirstBegun ?? plan.Begun),
                Last = plan.Begun == default ? null : WallTime.Text(plan.Begun),
                plan.SmallestRelevantEffect,
                Contrasts = JsonSerializer.Serialize(plan.Contrasts ?? [], LabJson.Default.IReadOnlyListContrast),
            });
    }

    private void WriteFiles(long experiment, IReadOnlyList<WrittenFile> files) => writer.Execute(
        "INSERT INTO written_file (experiment, position, path, text, omitted) VALUES (@experiment, @position, @Path, @Text, @Omitted)",
        files.Select((file, position) => new { experiment, position = (long)position, file.Path, file.Text, file.Omitted }));

    private void WriteArms(long experiment, IReadOnlyList<ArmRecord> arms) => writer.Execute(
        """
        INSERT INTO arm (experiment, name, position, baseline, differences, options, title, levels)
        VALUES (@experiment, @Name, @position, @baseline, @differences, @options, @Title, @levels)
        """,
        arms.Select((arm, position) => new
        {
            experiment,
            arm.Name,
            arm.Title,
            position = (long)position,
            baseline = arm.Baseline ? 1L : 0L,
            differences = JsonSerializer.Serialize(arm.Differences.ToDictionary(), LabJson.Default.DictionaryStringString),
            options = arm.OptionsJson,
            levels = arm.Levels is null ? null : JsonSerializer.Serialize(arm.Levels.ToDictionary(), LabJson.Default.DictionaryStringString),
        }));

    private void WriteStages(long experiment, IReadOnlyList<PlannedStage> stages)
    {
        writer.Execute(
            """
            INSERT INTO stage (key, kind, definition, seed, status) VALUES (@Key, @Kind, @definition, @Seed, 'planned')
            ON CONFLICT (key) DO NOTHING
            """,
            stages.Select(stage => new
            {
                stage.Key,
                stage.Kind,
                stage.Seed,
                definition = stage.DefinitionJson,
            }));
        writer.Execute(
            "INSERT INTO stage_input (stage, name, input) VALUES (@stage, @name, @input) ON CONFLICT (stage, name) DO NOTHING",
            stages.SelectMany(stage => stage.Inputs.Select(input => new { stage = stage.Key, name = input.Key, input = input.Value })));
        writer.Execute(
            "INSERT INTO plan_stage (experiment, stage, position, label) VALUES (@experiment, @Key, @position, @Label)",
            stages.Select((stage, position) => new { experiment, stage.Key, position = (long)position, stage.Label }));
    }

    private void WriteRuns(long experiment, IReadOnlyList<PlannedRun> runs)
    {
        writer.Execute(
            "INSERT INTO run (experiment, id, position, arm, seed, pilot) VALUES (@experiment, @Id, @position, @Arm, @Seed, @pilot)",
            runs.Select((run, position) => new { experiment, run.Id, position = (long)position, run.Arm, run.Seed, pilot = run.Pilot ? 1L : 0L }));
        writer.Execute(
            "INSERT INTO run_stage (experiment, run, role, stage, again) VALUES (@experiment, @run, @role, @stage, @again)",
            runs.SelectMany(run => run.Stages.OrderBy(part => part.Key, StringComparer.Ordinal).GroupBy(part => part.Value).SelectMany(
                roles => roles.Select((part, place) => new
                {
                    experiment,
                    run = run.Id,
                    role = part.Key,
                    stage = part.Value,
                    again = place > 0 ? 1L : 0L,
                }))));
    }
}
