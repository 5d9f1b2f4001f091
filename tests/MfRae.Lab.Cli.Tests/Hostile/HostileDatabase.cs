using System.Globalization;
using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Hostile;

/// <summary>
/// A database that a run filled, and that somebody then wrote to with plain SQL. Of its five arms two are left alone (base and good),
/// `thin` has lost a seed, `odd` has values that are not numbers, and `lost` has no measurement.
/// </summary>
internal sealed class HostileDatabase : IDisposable
{
    /// <summary>Markup, a template, quotes, control characters, turns of the direction of writing; ends with half a pair of surrogates.</summary>
    public const string Attack =
        "</script></style></title><script>window.poisoned=1</script><img src=x onerror=window.poisoned=1>"
        + "<x-poison id=poison data-poison=1>"
        + "{{ 1 + 1 }}{% raw %}<!--]]>\"'`&amp;&#60;\u0001\u0007\u001b[2J\u0085\u200b\u202Eb\u2066c\uFFFE'; drop table run; --";

    /// <summary>What decides where everything belongs. Without it a page has nothing to show.</summary>
    private static readonly HashSet<string> Structure =
    [
        "experiment.name", "experiment.primary_metric", "run_stage.role", "stage.kind", "stage.status", "attempt.status",
        "attempt.started", "stage_total.started", "status.name", "series.name", "measurement.metric", "stage_input.name", "tag.kind", "tag.subject", "note.kind",
        "note.subject", "archived.experiment",
    ];

    private static readonly HashSet<string> Lists = ["experiment.overrides", "environment.accelerators"];

    private static readonly HashSet<string> Objects =
        ["experiment.evaluation", "arm.differences", "arm.options", "stage.definition", "environment.packages", "attempt.files"];

    public HostileDatabase()
    {
        Lab.Write("experiments/hostile.json", File.ReadAllText(Lab.At("experiments/smoke.json"))
            .Replace("\"mft\"", "\"base\"", StringComparison.Ordinal)
            .Replace("\"mfd\"", "\"good\"", StringComparison.Ordinal)
            .Replace("\"arms\": {", "\"arms\": { " + string.Concat(new[] { "thin", "odd", "lost" }.Select((name, at) =>
                $"\"{name}\": {{ \"meanflow\": {{ \"lambda\": 0.{at + 2} }} }},")), StringComparison.Ordinal)
            .Replace("\"seeds\": [0]", "\"seeds\": [0, 1]", StringComparison.Ordinal));
        Lab.Run("experiments/hostile.json").Code.Should().Be(ExitCode.Ok);
        Lab.Run("tag", "hostile", "tagged").Code.Should().Be(ExitCode.Ok);
        Lab.Run("note", "hostile", "noted").Code.Should().Be(ExitCode.Ok);
        DatabaseFile = Lab.At("data/lab.db");
        Execute(
            """
            UPDATE attempt SET error = 'error', source_commit = 'commit', source_patch = 'patch', log = 'log';
            UPDATE stage SET reason = 'reason';
            UPDATE experiment SET title = 'title';
            """);
    }

    public LabFolder Lab { get; } = new();

    public string DatabaseFile { get; }

    /// <summary>Every column of text of every table: `table.column`.</summary>
    public IReadOnlyList<string> Texts => [.. Query("""
        SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.type = 'TEXT' ORDER BY m.name, c.cid
        """)];

    /// <summary>A text that tells in which column it was; keys and what refers to them have the same.</summary>
    public static string In(string column) => $"[{Mark(column)}]" + Attack;

    public static string Mark(string column) => column switch
    {
        "stage_input.input" or "stage_total.stage" => "stage.key",
        "run_stage.run" => "run.id",
        "run.arm" => "arm.name",
        _ when column.EndsWith(".stage", StringComparison.Ordinal) => "stage.key",
        _ => column,
    };

    /// <summary>Takes a seed from `thin`, the measurements from `lost`, and the numbers from `odd`.</summary>
    public void Harm() => Execute(
        """
        CREATE TEMP TABLE harmed AS
          SELECT r.arm, r.seed, s.stage, s.role FROM run r JOIN run_stage s ON s.experiment = r.experiment AND s.run = r.id
          WHERE r.arm IN ('odd', 'lost') AND s.role IN ('meanflow', 'sampling', 'evaluation');
        DELETE FROM run_stage WHERE run IN (SELECT id FROM run WHERE arm = 'thin' AND seed = 1);
        DELETE FROM run WHERE arm = 'thin' AND seed = 1;
        DELETE FROM measurement WHERE stage IN (SELECT stage FROM harmed WHERE arm = 'lost');
        UPDATE measurement SET low = -9e999, high = 9e999,
            value = CASE seq % 3 WHEN 0 THEN NULL WHEN 1 THEN 9e999 ELSE -9e999 END
          WHERE stage IN (SELECT stage FROM harmed WHERE arm = 'odd');
        UPDATE attempt SET wall_seconds = 9e999, cpu_seconds = CASE number % 2 WHEN 0 THEN -9e999 ELSE 9e999 END, flops = 9e999
          WHERE stage IN (SELECT stage FROM harmed WHERE arm = 'odd');
        UPDATE attempt SET status = 'failed' WHERE stage IN (SELECT stage FROM harmed WHERE arm = 'odd' AND role = 'meanflow');
        UPDATE point SET value = CASE step % 3 WHEN 0 THEN NULL WHEN 1 THEN 9e999 ELSE -9e999 END
          WHERE series IN (
            SELECT c.id FROM series c JOIN attempt a ON a.id = c.attempt JOIN harmed h ON h.stage = a.stage WHERE h.arm = 'odd');
        INSERT OR REPLACE INTO digest
          SELECT c.id, unhex(replace(hex(zeroblob(112)), '00', 'ff'))
          FROM series c JOIN attempt a ON a.id = c.attempt JOIN harmed h ON h.stage = a.stage
          WHERE h.arm = 'odd' AND c.name = 'loss';
        """);

    /// <summary>
    /// Puts the attack at the end of every text: what refers to another text still does. JSON stays JSON, with the attack in it.
    /// </summary>
    /// <returns>The columns that have it.</returns>
    public IReadOnlyList<string> PoisonTexts()
    {
        Execute("UPDATE arm SET title = 'the arm ' || name");
        var columns = Texts.Where(column => !Structure.Contains(column)).ToList();
        foreach (var column in columns)
        {
            Update(column, Lists.Contains(column) ? "json_insert({0}, '$[#]', @attack)"
                : Objects.Contains(column) ? "json_patch({0}, json_object(@attack, @attack))"
                : "{0} || @attack || CAST(x'EDA080' AS TEXT)");
        }

        return columns;
    }

    /// <summary>Writes the text into every text column, regardless of its meaning: names of roles and states become invalid, and so does JSON.</summary>
    public void PoisonAll()
    {
        foreach (var trigger in Query("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            Execute($"DROP TRIGGER \"{trigger}\"");
        foreach (var column in Texts)
            Update(column, "{0} || @attack");
    }

    /// <summary>A mebibyte of markup in one row of every text that nothing refers to.</summary>
    public void Swell(params string[] columns)
    {
        foreach (var column in columns)
        {
            var (table, name) = Parts(column);
            Execute($"UPDATE {table} SET {name} = @attack WHERE rowid = (SELECT max(rowid) FROM {table})",
                string.Concat(Enumerable.Repeat("<x-poison id=\"poison\">", 1 << 16))[..(1 << 20)]);
        }
    }

    /// <summary>Leaves one run of one arm.</summary>
    public void KeepOneRun() => Execute(
        """
        DELETE FROM run_stage WHERE run NOT IN (SELECT id FROM run WHERE arm = 'base' AND seed = 0);
        DELETE FROM run WHERE arm <> 'base' OR seed <> 0;
        DELETE FROM arm WHERE name <> 'base';
        DELETE FROM plan_stage WHERE stage NOT IN (SELECT stage FROM run_stage);
        """);

    public void Execute(string sql, string? attack = null)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        if (attack is not null)
            command.Parameters.AddWithValue("@attack", attack);
        command.ExecuteNonQuery();
    }

    public void Dispose() => Lab.Dispose();

    private void Update(string column, string expression)
    {
        var (table, name) = Parts(column);
        Execute($"UPDATE {table} SET {name} = {string.Format(CultureInfo.InvariantCulture, expression, name)}", In(column));
    }

    private List<string> Query(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(reader.GetString(0));
        return rows;
    }

    private static (string Table, string Column) Parts(string column) => (column.Split('.')[0], $"\"{column.Split('.')[1]}\"");

    // Keys and the references to them change in separate statements.
    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={DatabaseFile};Foreign Keys=False;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;";
        command.ExecuteNonQuery();
        return connection;
    }
}
