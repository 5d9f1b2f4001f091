using Dapper;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Export;

/// <summary>Streams rows of the public views. The caller opens a transaction, so that all views show the same state.</summary>
internal sealed class ViewReader(SqliteConnection connection)
{
    // SQLite has no type for a computed column, and the type of an exported column must not depend on its values.
    private static readonly HashSet<string> ComputedIntegers =
        ["archived", "arms", "attempt", "attempts", "completed", "current", "differs", "jobs", "n", "peak_bytes", "runs", "seeds", "sets", "stages", "version"];

    private static readonly HashSet<string> ComputedReals = ["cpu_seconds", "device_seconds", "flops", "high", "low", "mean", "number", "sd", "step_seconds", "value", "wall", "wall_seconds"];

    // VIEW.COLUMN: the column has this type in one view.
    private static readonly HashSet<string> ComputedTexts = ["axis", "level", "metric", "options.value", "path", "setting", "started", "status", "title"];

    /// <exception cref="InvalidOperationException">A computed column is missing in the lists above.</exception>
    public IReadOnlyList<ViewColumn> Columns(string view) =>
    [
        .. connection.Query<(string Name, string Type)>("SELECT name, type FROM pragma_table_info(@view)", new { view })
            .Select(column => new ViewColumn(column.Name, TypeOf(view, column.Name, column.Type))),
    ];

    /// <summary>The rows of a view. Cells are long, double, string, byte[] or null, as <see cref="Columns"/> says; the array is reused.</summary>
    public IEnumerable<object?[]> Rows(ExportView view, string experiment) => view.ByStage
        ? Stages(experiment).SelectMany(stage => Rows(view, experiment, stage))
        : Rows(view, experiment, null);

    /// <summary>The keys of the stages; each stage follows its inputs.</summary>
    public IReadOnlyList<string> Stages(string experiment) =>
        [.. connection.Query<string>("SELECT stage FROM stages WHERE experiment = @experiment ORDER BY position", new { experiment })];

    private IEnumerable<object?[]> Rows(ExportView view, string experiment, string? stage)
    {
        var columns = Columns(view.Name);
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {string.Join(", ", columns.Select(column => column.Name))} FROM {view.Name} WHERE {view.Condition}"
            + (stage is null ? "" : " AND stage = @stage") + $" ORDER BY {view.Order}";
        command.Parameters.AddWithValue("@experiment", experiment);
        if (stage is not null)
        {
            command.Parameters.AddWithValue("@stage", stage);
        }

        using var reader = command.ExecuteReader();
        var row = new object?[columns.Count];
        while (reader.Read())
        {
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = reader.IsDBNull(i) ? null : columns[i].Type switch
                {
                    CellType.Integer => reader.GetInt64(i),
                    CellType.Real => reader.GetDouble(i),
                    CellType.Text => reader.GetString(i),
                    _ => reader.GetFieldValue<byte[]>(i),
                };
            }

            yield return row;
        }
    }

    private static CellType TypeOf(string view, string column, string declared) => declared.ToUpperInvariant() switch
    {
        "INTEGER" or "INT" => CellType.Integer,
        "REAL" => CellType.Real,
        "TEXT" => CellType.Text,
        "BLOB" => CellType.Blob,
        _ when ComputedTexts.Contains($"{view}.{column}") => CellType.Text,
        _ when ComputedIntegers.Contains(column) => CellType.Integer,
        _ when ComputedReals.Contains(column) => CellType.Real,
        _ when ComputedTexts.Contains(column) => CellType.Text,
        _ => throw new InvalidOperationException($"the column {column} of the view {view} has no type"),
    };
}

/// <summary>The rows of a public view that are exported, and their order.</summary>
/// <param name="Name">The name of the view.</param>
/// <param name="Condition">An SQL condition on the parameter `@experiment`.</param>
/// <param name="Order">The columns that define a total order of the rows.</param>
/// <param name="ByStage">Whether to read stage by stage in plan order, so that SQLite need not sort all curves at once.</param>
internal sealed record ExportView(string Name, string Condition, string Order, bool ByStage = false)
{
    private const string OfExperiment = "experiment = @experiment";

    // An annotation refers to its subject by name: this experiment, or one of its runs.
    private const string OfSubject = "((kind = 'experiment' AND subject = @experiment) OR "
        + "(kind = 'run' AND subject IN (SELECT run FROM runs WHERE experiment = @experiment)))";

    public static IReadOnlyList<ExportView> All { get; } =
    [
        new("experiments", OfExperiment, "experiment"),
        new("experiment_files", OfExperiment, "position"),
        new("versions", OfExperiment, "version"),
        new("version_runs", OfExperiment, "version, arm, seed, run"),
        new("version_attempts", OfExperiment, "version, stage, attempt"),
        new("version_evaluations", OfExperiment, "version, arm, seed, run, role, stage, name, steps, samples, guidance, labels, extractor, "
            + "preprocessing, reference, higher_is_better, device, noise, setting, value"),
        new("arms", OfExperiment, "arm, name, steps, samples, guidance, labels, extractor, preprocessing, reference, higher_is_better, "
            + "device, noise, setting"),
        new("run_values", OfExperiment, "arm, seed, run, name, steps, samples, guidance, labels, extractor, preprocessing, reference, "
            + "higher_is_better, device, noise, setting"),
        new("arm_levels", OfExperiment, "arm, axis"),
        new("options", OfExperiment, "arm, path"),
        new("arm_costs", OfExperiment, "arm, processor, threads, jobs, device"),
        new("runs", OfExperiment, "arm, seed, run"),
        new("run_stages", OfExperiment, "arm, seed, run, role, stage"),
        new("stages", OfExperiment, "position"),
        new("attempts", OfExperiment, "stage, attempt"),
        new("costs", OfExperiment, "stage"),
        new("evaluations", OfExperiment, "arm, seed, run, role, stage, name, steps, samples, guidance, labels, extractor, preprocessing, "
            + "reference, higher_is_better, device, noise, setting, value"),
        new("metrics", OfExperiment, "metric, step", ByStage: true),
        new("machine", OfExperiment, "stage, attempt, seconds"),
        new("tags", OfSubject, "kind, subject, tag"),
        new("notes", OfSubject, "kind, subject"),
        new("images", OfExperiment, "stage, name"),
    ];
}

/// <summary>A column of a public view.</summary>
internal sealed record ViewColumn(string Name, CellType Type);

/// <summary>The type of the cells of a column; every cell may be null.</summary>
internal enum CellType
{
    Integer,
    Real,
    Text,
    Blob,
}
