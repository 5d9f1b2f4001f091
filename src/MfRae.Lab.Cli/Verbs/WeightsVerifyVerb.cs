using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Checks files of weights against their cards, and that their values can be used.</summary>
public sealed class WeightsVerifyVerb(Terminal terminal, string workingDirectory)
{
    private const int ShownNames = 3;

    /// <param name="target">A file or a folder.</param>
    /// <returns><see cref="ExitCode.Incomparable"/> where a file is not what its card says, cannot be read, or is not finite.</returns>
    public int Execute(string target)
    {
        var places = Places.Of(workingDirectory);
        var failed = false;
        foreach (var file in WeightsFolder.Files(Path.GetFullPath(target, workingDirectory)))
        {
            string? problem;
            try
            {
                problem = Problem(file);
            }
            catch (LabException broken)
            {
                problem = broken.Message;
            }
            failed |= problem is not null;
            var well = File.Exists(WeightsFolder.Card(file)) ? "ok" : "ok, but has no card";
            terminal.Out.WriteLine($"{places.Show(file)}: {problem ?? well}");
        }
        return failed ? ExitCode.Incomparable : ExitCode.Ok;
    }

    private static string? Problem(string file)
    {
        var card = CardContent.Read(WeightsFolder.Card(file));
        if (card is not null && !File.Exists(file))
            return "is missing, though there is a card for it";
        if (card is not null && new FileInfo(file).Length is var bytes && bytes != card.Bytes)
            return FormattableString.Invariant($"has {bytes} bytes where its card says {card.Bytes}");
        if (card is not null && FileHash.Of(file) is var hash && hash != card.Sha256)
            return $"has the SHA-256 {hash} where its card says {card.Sha256}";
        if (TensorCheck.NotRead(file) is { Count: > 0 } unread)
            return $"has values that are not read, {Shown(unread)}: 'weights inspect' says why";
        return TensorCheck.NotFinite(file) is { Count: > 0 } bad ? $"has values that are not finite in {Shown(bad)}" : null;
    }

    private static string Shown(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(ShownNames)) + (names.Count > ShownNames ? ", …" : "");
}
