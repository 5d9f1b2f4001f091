using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Says what a run would do and what it could show, and does nothing.</summary>
public sealed class PlanVerb(Terminal terminal, PlanLoader loader, ArtifactStore store)
{
    public int Execute(string file, IReadOnlyList<string> overrides, IReadOnlyList<string> only)
    {
        if (loader.Load(file, overrides, only, out var code) is not { } plan)
            return code;
        terminal.Text.Write(PlanText.Describe(ArmFilter.Limit(plan, only), store.IsComplete));
        return ExitCode.Ok;
    }
}
