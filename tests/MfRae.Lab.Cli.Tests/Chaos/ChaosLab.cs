using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Chaos;

/// <summary>A working directory with the shipped data, in which the real program runs as a process.</summary>
internal sealed partial class ChaosLab : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("chaos-").FullName;

    public ChaosLab()
    {
        Directory.CreateSymbolicLink(At("data"), Path.Combine(Checkout.Root, "data"));
        Directory.CreateDirectory(At("experiments"));
        Directory.CreateSymbolicLink(At("experiments/base"), Path.Combine(Checkout.Root, "experiments", "base"));
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "tests", "MfRae.Lab.Cli.Tests", "Chaos", "chaos.json"));
        File.WriteAllText(At("experiments/chaos.json"), text);
    }

    public ArtifactStore Store => new(At("store"));

    public string At(string name) => Path.Combine(_path, name);

    /// <summary>Starts the command, which is the same for every attempt.</summary>
    public Process Start(params string[] more) =>
        Launch(["experiments/chaos.json", "--checkpoint-every", "1", "--quiet", .. more]);

    /// <summary>Runs a verb to its end.</summary>
    public Answer Run(params string[] args)
    {
        using var process = Launch(args);
        return LabProcess.End(process);
    }

    /// <summary>The processes that a process has started.</summary>
    public static int[] Children(Process process)
    {
        try
        {
            var id = process.Id.ToString(CultureInfo.InvariantCulture);
            return [.. Directory.GetDirectories($"/proc/{id}/task").SelectMany(task => File.ReadAllText(Path.Combine(task, "children"))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }

    public static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [name, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>The page without the elements that it marks as dependent on timing.</summary>
    public string Report() => Timing().Replace(File.ReadAllText(At("reports/chaos.html")), "<$1>");

    /// <summary>Hashes of the output of all stages, without journals, specs and manifests, which depend on the attempts.</summary>
    public IReadOnlyDictionary<string, string> Files() => Store.CompleteKeys()
        .SelectMany(key => Directory.GetFiles(Store.CompleteFolder(key)))
        .Where(file => !JournalFile.IsJournal(file) && Path.GetFileName(file) is not ("spec.json" or "manifest.json" or "dropped.json")
            && !file.EndsWith(".log", StringComparison.Ordinal))
        .ToDictionary(
            file => Path.GetRelativePath(Store.Root, file),
            FileHash.Of);

    /// <summary>The answer of SQLite to a question about the database.</summary>
    public string Ask(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={At("lab.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))));
        return string.Join('\n', rows);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);

    private Process Launch(string[] args) => LabProcess.Start(
        _path, [.. args, "--store", "store", "--db", "lab.db", "--reports", "reports"], before: LabProcess.HeedsInterrupts);

    [GeneratedRegex(@"<(\w+)\b[^<>]* data-timing[^<>]*>.*?</\1>", RegexOptions.Singleline)]
    private static partial Regex Timing();
}
