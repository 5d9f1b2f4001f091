using MfRae.Lab.Cli.Output;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Writes rendered files, or says whether those that are there are the same.</summary>
internal sealed class PageFiles(Terminal terminal, Places places)
{
    public int Write(IReadOnlyList<(string File, byte[] Page)> pages)
    {
        foreach (var (file, page) in pages)
        {
            var written = FileOutput.WriteIfChanged(file, page);
            terminal.Out.WriteLine($"{places.Show(file)}{(written ? "" : " (unchanged)")}");
        }

        return ExitCode.Ok;
    }

    /// <param name="what">What they should be what it says: `the database says`.</param>
    public int Check(IReadOnlyList<(string File, byte[] Page)> pages, string what)
    {
        var wrong = pages.Where(page => !FileOutput.IsSame(page.File, page.Page)).ToList();
        foreach (var (file, _) in wrong)
            terminal.Error.WriteLine($"{places.Show(file)} {(File.Exists(file) ? $"is not what {what}" : "is missing")}");
        terminal.Out.WriteLine($"{pages.Count - wrong.Count} of {pages.Count} pages are what {what}");
        return wrong.Count == 0 ? ExitCode.Ok : ExitCode.Incomparable;
    }
}
