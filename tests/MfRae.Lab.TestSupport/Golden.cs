namespace MfRae.Lab.TestSupport;

/// <summary>Compares a text with a committed file. MFRAE_REWRITE_GOLDEN=1 writes the file instead; look at it and commit it.</summary>
public static class Golden
{
    /// <param name="path">Relative to the root of the repository.</param>
    public static void Check(string path, string actual)
    {
        string full = Repository.File(path);
        if (Environment.GetEnvironmentVariable("MFRAE_REWRITE_GOLDEN") == "1")
            File.WriteAllText(full, actual);

        File.Exists(full).Should().BeTrue($"{path} is committed; MFRAE_REWRITE_GOLDEN=1 writes it");
        actual.Should().Be(File.ReadAllText(full).ReplaceLineEndings("\n"), $"{path} contains it; MFRAE_REWRITE_GOLDEN=1 rewrites it");
    }
}
