namespace MfRae.Lab.TestSupport;

/// <summary>Compares with a committed file. MFRAE_REWRITE_GOLDEN=1 writes the file instead, to be looked at and committed.</summary>
public static class Golden
{
    public static void Check(string path, string actual)
    {
        string full = Repository.File(path);
        if (Environment.GetEnvironmentVariable("MFRAE_REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(full, actual);
        }

        File.Exists(full).Should().BeTrue($"{path} is committed");
        actual.Should().Be(File.ReadAllText(full), $"{path} says so; MFRAE_REWRITE_GOLDEN=1 rewrites it");
    }
}
