using MfRae.Lab.Core;

namespace MfRae.Lab.Database.Maintenance;

/// <summary>Removes an experiment from the database.</summary>
public sealed class ExperimentRemoval(LabDatabase database)
{
    /// <summary>Removes all plans of an experiment, its annotations, and all data of the stages that no other plan has.</summary>
    /// <returns>The number of removed stages.</returns>
    /// <exception cref="LabException">The database cannot be written.</exception>
    public int Remove(string name)
    {
        var forgotten = 0;
        database.Write(writer =>
        {
            var plans = new { name };
            const string Mine = "SELECT id FROM experiment WHERE name = @name";
            writer.Execute(
                $"""
                DELETE FROM tag WHERE (kind = 'experiment' AND subject = @name)
                  OR (kind = 'run' AND subject IN (SELECT id FROM run WHERE experiment IN ({Mine}))
                    AND subject NOT IN (SELECT id FROM run WHERE experiment NOT IN ({Mine})));
                DELETE FROM note WHERE (kind = 'experiment' AND subject = @name)
                  OR (kind = 'run' AND subject IN (SELECT id FROM run WHERE experiment IN ({Mine}))
                    AND subject NOT IN (SELECT id FROM run WHERE experiment NOT IN ({Mine})));
                DELETE FROM archived WHERE experiment = @name;
                """,
                plans);
            foreach (var table in new[] { "run_stage", "run", "plan_stage", "arm", "written_file" })
            {
                writer.Execute($"DELETE FROM {table} WHERE experiment IN ({Mine})", plans);
            }

            writer.Execute("DELETE FROM experiment WHERE name = @name", plans);
            const string Orphans = "SELECT key FROM stage WHERE key NOT IN (SELECT stage FROM plan_stage)";
            const string Attempts = $"SELECT id FROM attempt WHERE stage IN ({Orphans})";
            foreach (var statement in new[]
            {
                $"DELETE FROM image WHERE stage IN ({Orphans})",
                $"DELETE FROM measurement WHERE stage IN ({Orphans})",
                $"DELETE FROM digest WHERE series IN (SELECT id FROM series WHERE attempt IN ({Attempts}))",
                $"DELETE FROM point WHERE series IN (SELECT id FROM series WHERE attempt IN ({Attempts}))",
                $"DELETE FROM series WHERE attempt IN ({Attempts})",
                $"DELETE FROM tick WHERE attempt IN ({Attempts})",
                $"DELETE FROM machine_use WHERE attempt IN ({Attempts})",
                $"DELETE FROM attempt WHERE stage IN ({Orphans})",
                "DELETE FROM environment WHERE id NOT IN (SELECT environment FROM attempt WHERE environment IS NOT NULL)",
                $"DELETE FROM stage_input WHERE stage IN ({Orphans})",
            })
            {
                writer.Execute(statement);
            }

            forgotten = writer.Execute("DELETE FROM stage WHERE key NOT IN (SELECT stage FROM plan_stage)");
        });
        return forgotten;
    }
}
