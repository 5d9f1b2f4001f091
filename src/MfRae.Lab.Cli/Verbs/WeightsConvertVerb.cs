using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Writes the tensors of a file as safetensors or .npz.</summary>
public sealed class WeightsConvertVerb(Terminal terminal, string workingDirectory)
{
    /// <param name="key">Only this dictionary of the file; null for all.</param>
    /// <param name="type">As <see cref="TensorConversion"/> takes it.</param>
    public int Execute(string source, string target, string? key, string? type, IReadOnlyList<(string Old, string New)> renames)
    {
        var from = Path.GetFullPath(source, workingDirectory) + (key is null ? "" : $"::{key}");
        var to = Path.GetFullPath(target, workingDirectory);
        if (!Directory.Exists(Path.GetDirectoryName(to)))
            throw new LabException($"the folder of {to} does not exist: make it first");
        var mistakes = new TensorConversion(from, to, type, renames).Run();
        if (mistakes.Count > 0)
        {
            foreach (var mistake in mistakes)
                terminal.Error.WriteLine(mistake);
            terminal.Error.WriteLine("nothing was written");
            return ExitCode.Usage;
        }

        var written = TensorFileSummary.Of(to);
        terminal.Out.WriteLine(FormattableString.Invariant($"{target}: {written.Tensors.Count} tensors, {written.Count:N0} numbers"));
        return ExitCode.Ok;
    }
}
