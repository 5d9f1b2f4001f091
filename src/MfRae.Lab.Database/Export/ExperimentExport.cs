using System.Globalization;
using System.Text.Json;
using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Migrations;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Export;

/// <summary>
/// Exports an experiment for other programs: every row of every public view, without sampling, all from one consistent state of the
/// database.
/// </summary>
public sealed class ExperimentExport(LabDatabase database)
{
    /// <summary>Writes the files of an experiment into a folder.</summary>
    /// <param name="experiment">The name of an existing experiment.</param>
    /// <param name="target">A folder that does not exist or is empty.</param>
    /// <param name="formats">The formats to write.</param>
    /// <param name="replace">Whether an earlier export in <paramref name="target"/> is replaced.</param>
    /// <param name="stop">Cancels the export; nothing is left in <paramref name="target"/>.</param>
    /// <exception cref="LabException">The folder has other contents or cannot be written, or the database cannot be read.</exception>
    public ExportOutcome Write(
        string experiment, string target, IReadOnlyCollection<ExportFormat> formats, bool replace = false, CancellationToken stop = default)
    {
        try
        {
            return ExportFolder.Write(target, replace, folder => Fill(experiment, folder, formats, stop));
        }
        catch (SqliteException error) when (EnvironmentFault.Is(error))
        {
            throw EnvironmentFault.Of(error, $"the database {database.Path} cannot be read");
        }
    }

    private ExportOutcome Fill(string experiment, string folder, IReadOnlyCollection<ExportFormat> formats, CancellationToken stop)
    {
        var files = new List<ExportedFile>();
        var warnings = new List<string>();
        string hash;
        lock (database.Gate)
        {
            using var transaction = database.Connection.BeginTransaction(deferred: true);
            hash = database.Connection.QuerySingle<string>(
                "SELECT plan_hash FROM experiments WHERE experiment = @experiment", new { experiment });
            var reader = new ViewReader(database.Connection);
            foreach (var view in ExportView.All)
            {
                files.AddRange(WriteView(reader, view, experiment, folder, formats, warnings, stop));
            }

            if (formats.Contains(ExportFormat.TensorBoard))
            {
                var events = new TensorBoardExport(database.Connection, experiment).Write(Path.Combine(folder, "tensorboard"), stop).ToList();
                files.AddRange(events.Select(file => Describe(folder, $"tensorboard/{file.Name}", file.Rows)));
            }
        }

        var index = new ExportIndex(
            1, experiment, hash, Schema.Version(database.Connection), [.. files.OrderBy(file => file.Name, StringComparer.Ordinal)]);
        File.WriteAllBytes(Path.Combine(folder, ExportIndex.FileName), JsonSerializer.SerializeToUtf8Bytes(index, LabJson.Default.ExportIndex));
        return new(index, warnings);
    }

    private static List<ExportedFile> WriteView(ViewReader reader, ExportView view, string experiment, string folder,
        IReadOnlyCollection<ExportFormat> formats, List<string> warnings, CancellationToken stop)
    {
        var columns = reader.Columns(view.Name);
        var (csv, parquet) = (view.Name + ".csv", view.Name + ".parquet");
        using var text = formats.Contains(ExportFormat.Csv)
            ? new CsvRowWriter(new StreamWriter(Path.Combine(folder, csv)), [.. columns.Select(column => column.Name)])
            : null;
        using var table = formats.Contains(ExportFormat.Parquet) ? new ParquetRowWriter(Path.Combine(folder, parquet), columns) : null;
        IRowWriter[] writers = [.. new IRowWriter?[] { text, table }.OfType<IRowWriter>()];
        if (writers.Length == 0)
        {
            return [];
        }

        var rows = 0L;
        foreach (var row in reader.Rows(view, experiment))
        {
            stop.ThrowIfCancellationRequested();
            rows++;
            foreach (var writer in writers)
            {
                writer.Write(row);
            }
        }

        foreach (var writer in writers)
        {
            writer.Finish();
            writer.Dispose();
        }

        if (text is { FormulaCells: > 0 })
        {
            warnings.Add($"{csv}: {text.FormulaCells.ToString(CultureInfo.InvariantCulture)} strings begin with =, +, -, @ or a control "
                + "character. A spreadsheet reads them as formulas unless you import their columns as text.");
        }

        return [.. new[] { text is null ? null : csv, table is null ? null : parquet }.OfType<string>()
            .Select(name => Describe(folder, name, rows))];
    }

    private static ExportedFile Describe(string folder, string name, long rows)
    {
        var path = Path.Combine(folder, name);
        return new(name, rows, new FileInfo(path).Length, FileHash.Of(path));
    }
}

/// <summary>The formats of an export (docs/exchange.md).</summary>
public enum ExportFormat
{
    /// <summary>One CSV file for each view, see <see cref="CsvRowWriter"/>.</summary>
    Csv,

    /// <summary>One Parquet file for each view.</summary>
    Parquet,

    /// <summary>One TensorBoard event file for each run.</summary>
    TensorBoard,
}

/// <summary>The result of an export.</summary>
/// <param name="Index">The files that were written.</param>
/// <param name="Warnings">Sentences about the files for their readers.</param>
public sealed record ExportOutcome(ExportIndex Index, IReadOnlyList<string> Warnings);

/// <summary>Writes a folder under a temporary name and renames it when it is complete.</summary>
internal static class ExportFolder
{
    /// <param name="target">A folder that does not exist or is empty.</param>
    /// <param name="replace">Whether an earlier export is replaced.</param>
    /// <param name="fill">Writes the files into a folder.</param>
    /// <exception cref="LabException">The folder has other contents or cannot be written.</exception>
    public static T Write<T>(string target, bool replace, Func<string, T> fill)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        RequireFree(full, replace);
        var aside = $"{full}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.aside";
        try
        {
            Directory.CreateDirectory(aside);
            var result = fill(aside);
            Publish(aside, full);
            return result;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{full}: cannot write the export: {error.Message}", error);
        }
        finally
        {
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    private static void RequireFree(string folder, bool replace)
    {
        if (File.Exists(folder))
        {
            throw new LabException($"{folder} is a file. Give a folder that does not exist or is empty.");
        }

        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            return;
        }

        // A typing error in the path must not delete anything but an export.
        if (!File.Exists(Path.Combine(folder, ExportIndex.FileName)))
        {
            throw new LabException($"{folder} is not empty and is not an export. Give another folder.");
        }

        if (!replace)
        {
            throw new LabException($"{folder} already contains an export. Use --force to replace it.");
        }
    }

    private static void Publish(string aside, string target)
    {
        var old = aside + ".old";
        if (Directory.Exists(target))
        {
            Directory.Move(target, old);
        }

        Directory.Move(aside, target);
        if (Directory.Exists(old))
        {
            Directory.Delete(old, recursive: true);
        }
    }
}
