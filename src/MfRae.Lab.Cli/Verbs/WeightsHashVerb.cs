using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Prints hashes of files.</summary>
public sealed class WeightsHashVerb(Terminal terminal, string workingDirectory)
{
    public int Execute(IReadOnlyList<string> files)
    {
        foreach (var file in files)
            terminal.Out.WriteLine($"{FileHash.Of(Path.GetFullPath(file, workingDirectory))}  {file}");
        return ExitCode.Ok;
    }
}
